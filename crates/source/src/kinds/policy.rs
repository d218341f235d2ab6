//! `networking.k8s.io/v1` NetworkPolicy, read strictly: an unknown field is an error, because a rule that
//! loses a misspelt part means something else.
//!
//! Defaults: `SetDefaults_NetworkPolicy`. Rules of validity: `ValidateNetworkPolicySpec`.

use podfence_model::{Direction, Directions, Kind, LabelSelector, NetworkPolicy, Rule, nearest};

use super::header::{Header, Naming};
use super::labels::selector;
use super::manifest::Manifest;
use super::{at, peer, port};
use crate::code::Code;
use crate::decode::{Fields, Item, did_you_mean};

/// Reads a NetworkPolicy into the world.
pub(crate) fn read(manifest: &mut Manifest<'_, '_>) {
    let header = Header::read(manifest, Kind::NetworkPolicy, Naming::Subdomain);
    let spec = manifest.fields.get("spec");
    manifest.fields.ignore(&["status"]);
    if manifest.fields.finish(misplaced) && spec.is_none() {
        let message = "`spec` is missing: the policy isolates every pod of its namespace for ingress";
        manifest.fields.item.note(Code::ImplicitSelector, message);
    }
    let mut policy = spec.map_or_else(|| empty(Directions { ingress: true, egress: false }), spec_of);
    let Some(mut header) = header else { return };
    header.annotations.iter().for_each(check_annotations);
    policy.meta = header.meta();
    manifest.state(&header);
    header.finish();
    manifest.gathered.world.policies.insert(policy.meta.id.clone(), policy);
}

/// Of annotations only the type matters here: the API server refuses numbers.
fn check_annotations(annotations: &Fields<'_>) {
    for (_, item) in annotations.entries().filter(|(_, item)| !item.is_null()) {
        item.text();
    }
}

fn empty(directions: Directions) -> NetworkPolicy {
    let meta = podfence_model::Meta::new("", "", podfence_model::Origin::Assumed("not read yet"));
    let subject = LabelSelector::everything();
    NetworkPolicy { meta, subject, directions, ingress: Vec::new(), egress: Vec::new() }
}

fn spec_of(item: Item<'_>) -> NetworkPolicy {
    let mut policy = empty(Directions::default());
    let Some(mut fields) = item.mapping() else { return policy };
    let subject = fields.get("podSelector");
    let types: Vec<Item<'_>> = fields.list("policyTypes").collect();
    policy.subject = subject.map(selector).unwrap_or_default();
    policy.ingress = rules(&mut fields, Direction::Ingress);
    policy.egress = rules(&mut fields, Direction::Egress);
    policy.directions = directions(&types, !policy.egress.is_empty());
    if fields.finish(misplaced) && subject.is_none() {
        let message = "`podSelector` is missing: the policy selects every pod of its namespace";
        item.note(Code::ImplicitSelector, message);
    }
    policy
}

/// `policyTypes`, or without any: Ingress always, Egress if there is an egress rule.
fn directions(types: &[Item<'_>], has_egress: bool) -> Directions {
    if types.is_empty() {
        return Directions { ingress: true, egress: has_egress };
    }
    if let Some(third) = types.get(2) {
        third.error(Code::InvalidPolicyTypes, "`policyTypes` may have at most two items", "");
    }
    let mut directions = Directions::default();
    for item in types {
        match item.text() {
            Some("Ingress") => directions.ingress = true,
            Some("Egress") => directions.egress = true,
            Some(other) => unknown_type(*item, other),
            None => {}
        }
    }
    directions
}

fn unknown_type(item: Item<'_>, name: &str) {
    let known = ["Ingress", "Egress"];
    let message = format!("unknown policy type `{name}`{}", did_you_mean(name, known));
    let finding = Code::InvalidPolicyTypes.error(message).help("policy types are `Ingress` and `Egress`");
    let finding = match nearest(name, known) {
        Some(near) => item.rewritten(finding, near),
        None => finding,
    };
    at(item, finding);
}

fn rules(spec: &mut Fields<'_>, direction: Direction) -> Vec<Rule> {
    let field = match direction {
        Direction::Ingress => "ingress",
        Direction::Egress => "egress",
    };
    spec.list(field).filter_map(|item| rule(item, direction)).collect()
}

fn rule(item: Item<'_>, direction: Direction) -> Option<Rule> {
    let (field, other) = match direction {
        Direction::Ingress => ("from", "to"),
        Direction::Egress => ("to", "from"),
    };
    let mut fields = mapping_item(item)?;
    let peers = fields.list(field).filter_map(peer::read).collect();
    let ports = fields.list("ports").filter_map(port::read).collect();
    fields.finish(|key| {
        if key == other {
            return Some(format!("{direction} rules say `{field}`, not `{other}`"));
        }
        misplaced(key)
    });
    Some(Rule { peers, ports, place: Some(item.place()) })
}

/// The fields of a list item. An empty item would be `{}` to the API server, which as a rule admits
/// everything: hardly what a lone `-` was meant to say.
pub(super) fn mapping_item(item: Item<'_>) -> Option<Fields<'_>> {
    if item.is_null() {
        let message = format!("{item} must say something; this one is empty");
        item.error_with_help(
            Code::EmptyItem,
            message,
            "the API server reads it as `{}`: write that if meant",
        );
        return None;
    }
    item.mapping()
}

/// Where a field belongs that is written in the wrong place.
pub(super) fn misplaced(key: &str) -> Option<String> {
    let place = match key {
        "from" => "an `ingress` item",
        "to" => "an `egress` item",
        "ports" => "an `ingress` or `egress` item, beside `from` or `to`",
        "port" | "endPort" | "protocol" => "a `ports` item",
        "cidr" | "except" => "`ipBlock`",
        "ipBlock" | "namespaceSelector" => "a `from` or `to` item",
        "matchLabels" | "matchExpressions" => "`podSelector` or `namespaceSelector`",
        "policyTypes" | "ingress" | "egress" => "`spec`",
        "podSelector" => "`spec`, or a `from` or `to` item",
        "labels" | "annotations" | "namespace" | "name" => "`metadata`",
        _ => return None,
    };
    Some(format!("`{key}` belongs in {place}: check the indentation"))
}
