//! The command that tells the reason of what a lab found.

use std::path::PathBuf;

use podfence_lab::expect::{self, Ask, Question};
use podfence_lab::run::Findings;
use podfence_model::Endpoint;

/// `podfence explain` for a connection, as the grid writes its ends and what it is on.
pub(super) fn command(from: &str, to: &str, on: &str, inputs: &[PathBuf]) -> String {
    let on = match on.split(' ').collect::<Vec<_>>().as_slice() {
        ["TCP", port, ..] => format!(" --port {port}"),
        [protocol, port, ..] if *protocol != "ICMP" => {
            format!(" --port {port} --protocol {}", protocol.to_lowercase())
        }
        _ => " --protocol icmp".to_owned(),
    };
    let inputs: Vec<String> = inputs.iter().map(|path| format!("-f {}", path.display())).collect();
    format!("why: podfence explain {from} {to}{on} {}\n", inputs.join(" "))
}

/// The same for the first connection that breaks a row, and that manifests alone say enough about; empty if there is none.
pub(super) fn broken(asks: &[Ask], findings: &Findings, inputs: &[PathBuf]) -> String {
    let told = |question: &Question| match question {
        Question::Flow(flow) => {
            let (from, to) = (&flow.source, &flow.destination);
            let known = |end: &Endpoint| !matches!(end, Endpoint::Node { .. });
            (known(from) && known(to))
                .then(|| command(&from.to_string(), &to.to_string(), &flow.layer4.to_string(), inputs))
        }
        Question::Service(asked) => {
            let to = format!("{}/svc/{}", asked.service.namespace, asked.service.name);
            let on = format!("{} {}", asked.protocol, asked.port);
            Some(command(&asked.source.to_string(), &to, &on, inputs))
        }
        Question::Entry(_) | Question::Ingress(_) | Question::Name(_) => None,
    };
    expect::breaking(asks, findings).find_map(told).unwrap_or_default()
}
