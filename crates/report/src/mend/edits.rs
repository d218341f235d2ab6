//! An amendment as edits of the user's own text.
//!
//! `None` where no sure edit can be made: a policy that is not from a file, YAML that is written in unusual ways, or a change of
//! something that an earlier amendment added.

use podfence_analysis::mend::Amendment;
use podfence_engine::RuleRef;
use podfence_model::{
    Direction, LabelSelector, NamespaceScope, NamespacedName, Operator, Origin, PeerKind, Place, PortMatch,
    PortSpec, World,
};
use podfence_source::{Edit, Outlines, View};

use crate::manifest::{self, Style, Yaml, peers_key};
use crate::words;

/// What to change in the text for each of some amendments, made one after the other; `before` is the world whose places are
/// asked for.
pub(crate) fn edits(
    before: &World,
    amendments: &[Amendment],
    outlines: &Outlines<'_>,
) -> Vec<Option<Vec<Edit>>> {
    let mut done = Vec::new();
    for (index, amendment) in amendments.iter().enumerate() {
        let edits = match amendment {
            Amendment::RemoveRule(at) => remove_rule(before, at, &amendments[..index], amendments, outlines),
            _ => of_one(before, amendment, outlines),
        };
        done.push(edits);
    }
    done
}

fn of_one(before: &World, amendment: &Amendment, outlines: &Outlines<'_>) -> Option<Vec<Edit>> {
    let place = |rule: &RuleRef| rule.place.as_ref().and_then(|place| outlines.at(place));
    match amendment {
        Amendment::AddPeers(at, peers) => {
            let peers: Vec<Yaml> = peers.iter().map(manifest::peer).collect();
            add_all(place(at)?, peers_key(at.direction), &peers)
        }
        Amendment::AddPorts(at, ports) => {
            let ports: Vec<Yaml> = ports.iter().map(manifest::port).collect();
            add_all(place(at)?, "ports", &ports)
        }
        Amendment::AddRule(policy, direction, rule) => {
            let rule = manifest::rule(rule, *direction);
            add_all(spec(before, policy, outlines)?, &direction.to_string(), &[rule])
        }
        Amendment::ReplacePort(at, port) => replace_port(place(at)?, at, port),
        Amendment::ReplacePeer(at, kind) => replace_peer(before, place(at)?, at, kind),
        Amendment::RemovePeer(at) => {
            let list = place(at)?.get(&[peers_key(at.direction)])?;
            Some(vec![list.remove_item(at.peer?)?])
        }
        Amendment::RemovePort(at) => Some(vec![place(at)?.get(&["ports"])?.remove_item(at.port?)?]),
        Amendment::AddPolicy(_) | Amendment::RemoveRule(_) => None,
    }
}

/// Takes a rule out. With the last one of a direction the list stays, empty: a policy that stated no `policyTypes` would isolate
/// for egress no more, so that they are stated then.
fn remove_rule(
    before: &World,
    at: &RuleRef,
    earlier: &[Amendment],
    all: &[Amendment],
    outlines: &Outlines<'_>,
) -> Option<Vec<Edit>> {
    let is_alike = |other: &&RuleRef| other.policy == at.policy && other.direction == at.direction;
    let removed = |amendments: &[Amendment]| -> Vec<RuleRef> {
        let rules = amendments.iter().filter_map(|one| match one {
            Amendment::RemoveRule(rule) => Some(rule),
            _ => None,
        });
        rules.filter(is_alike).cloned().collect()
    };
    let owner = spec(before, &at.policy, outlines)?;
    let field = owner.field(&at.direction.to_string())?;
    let items = field.value.items().collect::<Vec<_>>();
    if items.len() > removed(all).len() {
        let index = items.iter().position(|item| Some(item.place()) == at.place)?;
        return Some(vec![field.value.remove_item(index)?]);
    }
    if !removed(earlier).is_empty() {
        return Some(Vec::new());
    }
    let states_types = owner.get(&["policyTypes"]).is_some_and(|types| types.items().next().is_some());
    if states_types || at.direction == Direction::Ingress {
        return Some(vec![field.set("[]")?]);
    }
    let types = "[Ingress, Egress]";
    match owner.field("policyTypes") {
        Some(stated) => Some(vec![field.set("[]")?, stated.set(types)?]),
        None if owner.is_flow() => None,
        None => Some(vec![field.set("[]")?, owner.add_field(&format!("policyTypes: {types}"))?]),
    }
}

fn spec<'o, 's>(world: &World, policy: &NamespacedName, outlines: &'o Outlines<'s>) -> Option<View<'o, 's>> {
    let Origin::File(place) = &world.policies.get(policy)?.meta.origin else { return None };
    outlines.at(place)?.get(&["spec"])
}

/// Items at the end of a list, which may be missing or empty.
fn add_all(owner: View<'_, '_>, key: &str, items: &[Yaml]) -> Option<Vec<Edit>> {
    let list = owner.get(&[key]);
    if let Some(first) = list.and_then(|list| list.items().next()) {
        let list = list?;
        let style = if has_braces(first) { Style::Braces } else { Style::Lines };
        let add =
            |item: &Yaml| list.add_item(&item.block(style)).or_else(|| list.add_flow_item(&item.flow()));
        return items.iter().map(add).collect();
    }
    let whole = Yaml::List(items.to_vec());
    if let Some(field) = owner.field(key) {
        return Some(vec![field.set(&format!("\n{}", indented(&whole.block(Style::Lines))))?]);
    }
    let field = Yaml::Map(vec![(key.to_owned(), whole)]);
    let edit = if owner.is_flow() && owner.is_empty_collection() {
        owner.replace(field.flow())?
    } else {
        owner.add_field(&field.block(Style::Lines))?
    };
    Some(vec![edit])
}

fn indented(block: &str) -> String {
    block.lines().map(|line| format!("  {line}")).collect::<Vec<_>>().join("\n")
}

/// Whether a mapping of an item is written in braces.
fn has_braces(item: View<'_, '_>) -> bool {
    item.is_flow() || item.fields().any(|field| field.value.is_flow() && !field.value.is_empty_collection())
}

/// Another number, and no end of a range.
fn replace_port(rule: View<'_, '_>, at: &RuleRef, port: &PortMatch) -> Option<Vec<Edit>> {
    let PortSpec::Range(range) = &port.ports else { return None };
    let item = rule.get(&["ports"])?.items().nth(at.port?)?;
    let number = item.get(&["port"])?.replace_scalar(&range.first().to_string())?;
    match item.field("endPort") {
        Some(end) => Some(vec![number, end.remove()?]),
        None => Some(vec![number]),
    }
}

fn replace_peer(before: &World, rule: View<'_, '_>, at: &RuleRef, kind: &PeerKind) -> Option<Vec<Edit>> {
    let (_, found) = words::rule(before, at)?;
    let was = &found.peers.get(at.peer?)?.kind;
    let item = rule.get(&[peers_key(at.direction)])?.items().nth(at.peer?)?;
    match (was, kind) {
        (
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods: old },
            PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods: new },
        ) if old == new => {
            let field = Yaml::Map(vec![("namespaceSelector".to_owned(), manifest::selector(namespaces))]);
            item.add_field(&field.block(Style::Lines)).map(|edit| vec![edit])
        }
        (PeerKind::Pods { namespaces: were, pods: old }, PeerKind::Pods { namespaces: are, pods: new }) => {
            let of_namespaces = match (were, are) {
                (NamespaceScope::Matching(old), NamespaceScope::Matching(new)) if old != new => {
                    replace_label(item, "namespaceSelector", old, new)
                }
                _ => None,
            };
            of_namespaces.or_else(|| replace_label(item, "podSelector", old, new)).map(|edit| vec![edit])
        }
        _ => None,
    }
    .or_else(|| rewrite(item, kind))
}

/// A whole item, or each of its fields, written anew in the style of the old one.
fn rewrite(item: View<'_, '_>, kind: &PeerKind) -> Option<Vec<Edit>> {
    let new = manifest::peer(kind);
    if item.is_flow() {
        return Some(vec![item.replace(new.flow())?]);
    }
    let Yaml::Map(fields) = new else { return None };
    if item.fields().any(|field| !fields.iter().any(|(key, _)| key == field.key())) {
        return None;
    }
    let one = |(key, value): &(String, Yaml)| {
        let Some(field) = item.field(key) else {
            return item.add_field(&Yaml::Map(vec![(key.clone(), value.clone())]).block(Style::Lines));
        };
        let text = if field.value.is_flow() {
            value.flow()
        } else {
            format!("\n{}", indented(&value.block(Style::Lines)))
        };
        field.set(&text)
    };
    fields.iter().map(one).collect()
}

/// One other value in `matchLabels`, or conditions that are new.
fn replace_label(
    item: View<'_, '_>,
    selector: &str,
    old: &LabelSelector,
    new: &LabelSelector,
) -> Option<Edit> {
    let added: LabelSelector =
        new.requirements().filter(|one| !old.requirements().any(|known| known == *one)).cloned().collect();
    let requirement = added.requirements().next()?;
    if new.requirements().count() > old.requirements().count() {
        return add_conditions(item.field(selector)?, &added);
    }
    let Operator::In(values) = &requirement.operator else { return None };
    let label = item.get(&[selector, "matchLabels", &requirement.key])?;
    let value = values.first()?;
    label.replace_scalar(value).filter(|_| manifest::text(value) == Yaml::Scalar(value.clone()))
}

fn add_conditions(selector: podfence_source::Field<'_, '_>, added: &LabelSelector) -> Option<Edit> {
    let conditions = manifest::selector(added);
    if selector.value.is_flow() && selector.value.is_empty_collection() {
        return selector.value.replace(conditions.flow());
    }
    let has = |key: &str| selector.value.field(key).is_some();
    (!has("matchExpressions")).then(|| selector.value.add_field(&conditions.block(Style::Lines))).flatten()
}

/// Where the policy is written that an amendment changes.
pub(super) fn place_of(world: &World, amendment: &Amendment) -> Option<Place> {
    match &world.policies.get(amendment.policy())?.meta.origin {
        Origin::File(place) => Some(place.clone()),
        Origin::Api(_) | Origin::Assumed(_) => None,
    }
}
