//! An amendment as edits of the user's own text.
//!
//! `None` where no sure edit can be made: a policy that is not from a file, YAML that is written in unusual ways, or a change of
//! something that an earlier amendment added.

use podfence_analysis::mend::Amendment;
use podfence_engine::RuleRef;
use podfence_model::{
    LabelSelector, NamespaceScope, NamespacedName, Operator, Origin, PeerKind, Place, PortMatch, PortSpec,
    World,
};
use podfence_source::{Edit, Outlines, View};

use crate::manifest::{self, Style, Yaml, peers_key};
use crate::words;

/// What to change in the text; `before` is the world whose places are asked for.
pub(crate) fn edits(before: &World, amendment: &Amendment, outlines: &Outlines<'_>) -> Option<Vec<Edit>> {
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
        Amendment::ReplacePeer(at, kind) => replace_peer(before, place(at)?, at, kind).map(|edit| vec![edit]),
        Amendment::RemovePeer(at) => {
            let list = place(at)?.get(&[peers_key(at.direction)])?;
            Some(vec![list.remove_item(at.peer?)?])
        }
        Amendment::RemovePort(at) => Some(vec![place(at)?.get(&["ports"])?.remove_item(at.port?)?]),
        Amendment::RemoveRule(at) => {
            let field = spec(before, &at.policy, outlines)?.field(&at.direction.to_string())?;
            let items = field.value.items().collect::<Vec<_>>();
            let index = items.iter().position(|item| Some(item.place()) == at.place)?;
            let edit = if items.len() == 1 { field.set("[]")? } else { field.value.remove_item(index)? };
            Some(vec![edit])
        }
        Amendment::AddPolicy(_) => None,
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

fn replace_peer(before: &World, rule: View<'_, '_>, at: &RuleRef, kind: &PeerKind) -> Option<Edit> {
    let (_, found) = words::rule(before, at)?;
    let was = &found.peers.get(at.peer?)?.kind;
    let item = rule.get(&[peers_key(at.direction)])?.items().nth(at.peer?)?;
    let whole = || item.is_flow().then(|| item.replace(manifest::peer(kind).flow())).flatten();
    match (was, kind) {
        (
            PeerKind::Pods { namespaces: NamespaceScope::Own, pods: old },
            PeerKind::Pods { namespaces: NamespaceScope::Matching(namespaces), pods: new },
        ) if old == new => {
            let field = Yaml::Map(vec![("namespaceSelector".to_owned(), manifest::selector(namespaces))]);
            item.add_field(&field.block(Style::Lines)).or_else(whole)
        }
        (PeerKind::Pods { namespaces: were, pods: old }, PeerKind::Pods { namespaces: are, pods: new }) => {
            let of_namespaces = match (were, are) {
                (NamespaceScope::Matching(old), NamespaceScope::Matching(new)) if old != new => {
                    replace_label(item, "namespaceSelector", old, new)
                }
                _ => None,
            };
            of_namespaces.or_else(|| replace_label(item, "podSelector", old, new)).or_else(whole)
        }
        _ => whole(),
    }
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
