//! Who reaches whom, for programs.

use podfence_analysis::overview::{Exposure, Line, Missing, Row, Table};
use podfence_model::{PortSet, Protocol};
use serde::Serialize;

use super::Document;
use super::ends::NameView;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TableView {
    rows: Vec<RowView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    assumed: Vec<NameView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    on_host_network: Vec<NameView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    exposure: Option<ExposureView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    missing: Option<MissingView>,
}

#[derive(Serialize)]
struct MissingView {
    addresses: Vec<NameView>,
    labels: Vec<String>,
}

#[derive(Serialize)]
struct ExposureView {
    rows: Vec<RowView>,
    sends: Vec<RowView>,
}

#[derive(Serialize)]
struct RowView {
    to: Vec<NameView>,
    lines: Vec<LineView>,
}

#[derive(Serialize)]
struct LineView {
    ports: PortsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    certain: bool,
    from: Vec<NameView>,
}

/// Stretches of ports, both ends included; protocols without any are left out.
#[derive(Serialize)]
struct PortsView {
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tcp: Vec<(u16, u16)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    udp: Vec<(u16, u16)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    sctp: Vec<(u16, u16)>,
    icmp: bool,
}

/// A table under the schema `matrix-v1`.
pub fn matrix(table: &Table, exposure: Option<&Exposure>) -> String {
    let rows = |rows: &[Row]| rows.iter().map(RowView::from).collect();
    let view = TableView {
        rows: rows(&table.rows),
        assumed: table.assumed.iter().map(NameView::from).collect(),
        on_host_network: table.on_host_network.iter().map(NameView::from).collect(),
        missing: missing(&table.missing),
        exposure: exposure.map(|parts| ExposureView { rows: rows(&parts.rows), sends: rows(&parts.sends) }),
    };
    Document::new("matrix-v1", view).text()
}

fn missing(missing: &Missing) -> Option<MissingView> {
    let Missing { addresses, labels } = missing;
    (*missing != Missing::default()).then(|| MissingView {
        addresses: addresses.iter().map(NameView::from).collect(),
        labels: labels.clone(),
    })
}

impl From<&Row> for RowView {
    fn from(row: &Row) -> Self {
        Self {
            to: row.to.iter().map(NameView::from).collect(),
            lines: row.lines.iter().map(LineView::from).collect(),
        }
    }
}

impl From<&Line> for LineView {
    fn from(line: &Line) -> Self {
        Self {
            ports: PortsView::from(&line.ports),
            family: line.family.map(|family| family.to_string()),
            certain: line.certain,
            from: line.from.iter().map(NameView::from).collect(),
        }
    }
}

impl From<&PortSet> for PortsView {
    fn from(ports: &PortSet) -> Self {
        let of = |protocol| ports.ranges(protocol).collect();
        Self {
            text: ports.to_string(),
            tcp: of(Protocol::Tcp),
            udp: of(Protocol::Udp),
            sctp: of(Protocol::Sctp),
            icmp: ports.has_portless(),
        }
    }
}
