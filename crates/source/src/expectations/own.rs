//! Our own format: `podfence: expectations/v1`, and under `expect` a list of claims.

use podfence_model::{Claim, Connections, Directions, Exactly, Expectation, Family, Reach, Wanted};

use super::{any_words, required_words, words};
use crate::code::Code;
use crate::decode::{Fields, Item, did_you_mean};

const VERSION: &str = "expectations/v1";

/// The words that a claim may begin with.
const CLAIMS: [&str; 10] = [
    "allow",
    "deny",
    "permits",
    "forbids",
    "exactly",
    "equivalent",
    "contains",
    "redundant",
    "isolated",
    "hostNetwork",
];

/// Reads one document.
pub(super) fn read(item: Item<'_>, into: &mut Vec<Expectation>) {
    let Some(mut fields) = item.mapping() else { return };
    if !is_ours(&mut fields) {
        return;
    }
    let list: Vec<Item<'_>> = fields.required("expect").and_then(Item::list).into_iter().flatten().collect();
    fields.finish(|_| None);
    into.extend(list.into_iter().filter_map(expectation));
}

fn is_ours(fields: &mut Fields<'_>) -> bool {
    let help = format!("a file of expectations begins with `podfence: {VERSION}`");
    let Some(item) = fields.get("podfence") else {
        let message = "this is no file of expectations: it has no field `podfence`";
        let error = Code::Expectation.error(message).at(fields.item.place(), "");
        fields.item.sink.report(error.help(help));
        return false;
    };
    match item.text() {
        Some(VERSION) => true,
        Some(other) => {
            item.error_with_help(
                Code::Expectation,
                format!("`{other}` is no version that is known here"),
                &help,
            );
            false
        }
        None => false,
    }
}

fn expectation(item: Item<'_>) -> Option<Expectation> {
    let mut fields = item.mapping()?;
    let name = fields.text("name").map(str::to_owned);
    let stated: Vec<(&str, Item<'_>)> =
        CLAIMS.iter().filter_map(|claim| Some((*claim, fields.get(claim)?))).collect();
    let known = fields.finish(not_a_claim);
    let claim = match stated[..] {
        [(kind, item)] => claim(kind, item)?,
        [] if !known => return None,
        [] => {
            item.error_with_help(
                Code::Expectation,
                "this expects nothing",
                &format!("say one of {}", CLAIMS.join(", ")),
            );
            return None;
        }
        [(first, _), (second, again), ..] => {
            let message = format!("this says both `{first}` and `{second}`");
            again.error_with_help(
                Code::Expectation,
                message,
                "one expectation is one claim: begin another item",
            );
            return None;
        }
    };
    Some(Expectation { name, claim, place: item.place() })
}

fn not_a_claim(key: &str) -> Option<String> {
    ["from", "to", "ports"].contains(&key).then(|| "it belongs below `allow`, `deny` and so on".to_owned())
}

fn claim(kind: &str, item: Item<'_>) -> Option<Claim> {
    let mut fields = item.mapping()?;
    let claim = match kind {
        "allow" | "permits" => connections(&mut fields, Wanted::Allowed, kind == "permits"),
        "deny" | "forbids" => connections(&mut fields, Wanted::Denied, kind == "forbids"),
        "exactly" => exactly(&mut fields),
        "equivalent" => Claim::Equivalent {
            policies: required_words(&mut fields, "policies"),
            to: required_words(&mut fields, "to"),
        },
        "contains" => Claim::Contains {
            policies: required_words(&mut fields, "policies"),
            of: required_words(&mut fields, "of"),
        },
        "redundant" => Claim::Redundant { policies: required_words(&mut fields, "policies") },
        "hostNetwork" => {
            fields.required("pods");
            Claim::HostNetwork { pods: any_words(&mut fields, "pods") }
        }
        _ => {
            Claim::Isolated { pods: required_words(&mut fields, "pods"), directions: directions(&mut fields) }
        }
    };
    fields.finish(|_| None);
    Some(claim)
}

/// `permits` and `forbids` may ask about some policies alone.
fn connections(fields: &mut Fields<'_>, wanted: Wanted, of_policies: bool) -> Claim {
    let policies = if of_policies { words(fields, "policies") } else { Vec::new() };
    Claim::Connections(Connections {
        wanted,
        from: required_words(fields, "from"),
        to: required_words(fields, "to"),
        ports: words(fields, "ports"),
        family: family(fields),
        policies: Some(policies).filter(|policies| !policies.is_empty()),
    })
}

fn exactly(fields: &mut Fields<'_>) -> Claim {
    let from = required_words(fields, "from");
    fields.required("reaches");
    Claim::Exactly(Exactly {
        from,
        reaches: fields.mappings("reaches").map(reach).collect(),
        undecided: fields.mappings("undecided").map(reach).collect(),
        family: family(fields),
    })
}

fn reach(mut fields: Fields<'_>) -> Reach {
    let reach = Reach { to: required_words(&mut fields, "to"), ports: words(&mut fields, "ports") };
    fields.finish(|_| None);
    reach
}

fn family(fields: &mut Fields<'_>) -> Option<Family> {
    let item = fields.get("family")?;
    let text = item.text()?;
    let known = Family::BOTH.into_iter().find(|family| family.to_string() == text);
    if known.is_none() {
        item.error_with_help(
            Code::Expectation,
            format!("unknown family `{text}`"),
            "families are IPv4 and IPv6",
        );
    }
    known
}

/// `for`: ingress, egress, or both, which is what it is without the field.
fn directions(fields: &mut Fields<'_>) -> Directions {
    let stated = words(fields, "for");
    let mut directions = Directions { ingress: stated.is_empty(), egress: stated.is_empty() };
    for word in stated {
        match word.text.as_str() {
            "ingress" => directions.ingress = true,
            "egress" => directions.egress = true,
            other => {
                let near = did_you_mean(other, ["ingress", "egress"]);
                let error = Code::Expectation.error(format!("unknown direction `{other}`{near}"));
                fields.item.sink.report(error.at(word.place, "").help("directions are ingress and egress"));
            }
        }
    }
    directions
}
