//! One run: everything that can be asked is asked at once, so that it lasts about one time-out.

use std::time::Duration;

use podfence_engine::Engine;

use crate::asked::Asked;
use crate::check::Checked;
use crate::cluster::Cluster;
use crate::entry_check::EntryChecked;
use crate::ingress::check::IngressChecked;
use crate::service_check::{NameChecked, ServiceChecked};

/// What a run found.
#[derive(Debug, Clone)]
pub struct Findings {
    /// Flows between pods, nodes and the outside.
    pub flows: Vec<Checked>,
    /// Pods that connect to Services.
    pub services: Vec<ServiceChecked>,
    /// Everybody that connects to Services by their other ways.
    pub entries: Vec<EntryChecked>,
    /// The outside, by Ingresses.
    pub ingresses: Vec<IngressChecked>,
    /// Pods that look names up.
    pub names: Vec<NameChecked>,
}

impl Findings {
    /// How many comparisons were made.
    pub fn compared(&self) -> usize {
        let services = self.services.len() + self.entries.len() + self.ingresses.len();
        self.flows.len() + services + self.names.len()
    }

    /// How many of them differ.
    pub fn differences(&self) -> usize {
        let flows = self.flows.iter().filter(|one| !one.agrees()).count();
        let services = self.services.iter().filter(|one| !one.agrees()).count();
        let entries = self.entries.iter().filter(|one| !one.agrees()).count();
        let ingresses = self.ingresses.iter().filter(|one| !one.agrees()).count();
        flows + services + entries + ingresses + self.names.iter().filter(|one| !one.agrees()).count()
    }
}

impl Cluster {
    /// Tries everything that is asked and compares.
    pub fn run(&self, engine: &Engine, asked: &Asked, timeout: Duration) -> Findings {
        let (flows, services, entries, ingresses, names) = self.runtime.block_on(async {
            tokio::join!(
                self.check_flows(engine, &asked.flows, timeout),
                self.check_services(engine, &asked.services, timeout),
                self.check_entries(engine, &asked.entries, timeout),
                self.check_ingresses(engine, &asked.ingresses, timeout),
                self.check_names(engine, &asked.names, timeout),
            )
        });
        Findings { flows, services, entries, ingresses, names }
    }
}
