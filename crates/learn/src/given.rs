//! Whether only what may be changed was changed.
//!
//! Objects are compared by what they say, not by where they stand: they may be moved to other files, and the order of keys
//! does not matter.

use std::collections::BTreeMap;
use std::fmt;

use podfence_model::{
    Kind, Labels, Meta, Namespace, NamespacedName, NetworkPolicy, ObjectRef, Origin, Pod, Service, Workload,
    World,
};

use crate::exercise::Answer;

/// An object that is not as the task demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It was given, and is not there any more.
    Gone(ObjectRef),
    /// It has other labels.
    Labels(ObjectRef),
    /// It says something else.
    Changed(ObjectRef),
    /// It was not given, and is nothing that an answer may consist of.
    Added(ObjectRef),
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone(id) => write!(f, "{id} is not there any more"),
            Self::Labels(id) => write!(f, "{id} has other labels"),
            Self::Changed(id) => write!(f, "{id} was changed"),
            Self::Added(id) => write!(f, "{id} was added"),
        }
    }
}

/// What differs from the given objects and may not, in order of the objects' names.
pub fn changes(given: &World, now: &World, answer: Answer) -> Vec<Change> {
    let (given, now) = (stated(given), stated(now));
    let mut found = Vec::new();
    for (id, before) in &given {
        match now.get(id) {
            None => found.push(Change::Gone(id.clone())),
            Some(after) => found.extend(difference(id, before, after, answer)),
        }
    }
    let added = now.into_keys().filter(|id| !given.contains_key(id) && !may_be_added(id, answer));
    found.extend(added.map(Change::Added));
    found
}

fn may_be_added(id: &ObjectRef, answer: Answer) -> bool {
    answer == Answer::Policies && id.kind == Kind::NetworkPolicy
}

fn difference(id: &ObjectRef, before: &Stated, after: &Stated, answer: Answer) -> Option<Change> {
    let (mut before, mut after) = (before.clone(), after.clone());
    let labels_differ = before.take_labels() != after.take_labels();
    if before != after {
        return Some(Change::Changed(id.clone()));
    }
    let is_it = |namespace: &str, pod: &str| *id == inside(Kind::Pod, &NamespacedName::new(namespace, pod));
    let free = matches!(answer, Answer::LabelsOf(namespace, pod) if is_it(namespace, pod));
    (labels_differ && !free).then(|| Change::Labels(id.clone()))
}

/// What an object says, without where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stated {
    Namespace(Namespace),
    Pod(Pod),
    Workload(Workload),
    Service(Service),
    Policy(NetworkPolicy),
    /// Of a kind that no exercise gives.
    Other,
}

impl Stated {
    fn take_labels(&mut self) -> Option<Labels> {
        let labels = match self {
            Self::Namespace(namespace) => &mut namespace.labels,
            Self::Pod(pod) => &mut pod.meta.labels,
            Self::Service(service) => &mut service.meta.labels,
            Self::Policy(policy) => &mut policy.meta.labels,
            Self::Workload(_) | Self::Other => return None,
        };
        Some(std::mem::take(labels))
    }
}

/// In place of where an object stands.
const NOWHERE: Origin = Origin::Assumed("");

fn stated(world: &World) -> BTreeMap<ObjectRef, Stated> {
    let mut out = BTreeMap::new();
    for one in world.namespaces.values() {
        let namespace = Namespace { origin: NOWHERE, ..one.clone() };
        out.insert(cluster_scoped(Kind::Namespace, &one.name), Stated::Namespace(namespace));
    }
    for (id, one) in &world.pods {
        out.insert(inside(Kind::Pod, id), Stated::Pod(Pod { meta: nowhere(&one.meta), ..one.clone() }));
    }
    for (id, one) in &world.workloads {
        out.insert(id.clone(), Stated::Workload(Workload { origin: NOWHERE, ..one.clone() }));
    }
    for (id, one) in &world.services {
        let service = Service { meta: nowhere(&one.meta), ..one.clone() };
        out.insert(inside(Kind::Service, id), Stated::Service(service));
    }
    for (id, one) in &world.policies {
        out.insert(inside(Kind::NetworkPolicy, id), Stated::Policy(one.without_places()));
    }
    out.extend(others(world).map(|id| (id, Stated::Other)));
    out
}

fn others(world: &World) -> impl Iterator<Item = ObjectRef> + '_ {
    let nodes = world.nodes.keys().map(|name| cluster_scoped(Kind::Node, name));
    let slices = world.endpoint_slices.keys().map(|id| inside(Kind::EndpointSlice, id));
    let ingresses = world.ingresses.keys().map(|id| inside(Kind::Ingress, id));
    nodes.chain(slices).chain(ingresses).chain(world.unknown.iter().map(|one| one.id.clone()))
}

fn cluster_scoped(kind: Kind, name: &str) -> ObjectRef {
    ObjectRef { kind, namespace: String::new(), name: name.to_owned() }
}

fn inside(kind: Kind, id: &NamespacedName) -> ObjectRef {
    let NamespacedName { namespace, name } = id.clone();
    ObjectRef { kind, namespace, name }
}

fn nowhere(meta: &Meta) -> Meta {
    Meta { origin: NOWHERE, ..meta.clone() }
}

#[cfg(test)]
mod tests {
    use podfence_source::{Input, Options};

    use super::*;
    use crate::catalogue;
    use crate::exercise::Exercise;

    fn after(exercise: &Exercise, edited: &str) -> Vec<String> {
        let input = Input::Bytes { name: "edited.yaml".into(), bytes: edited.into() };
        let now = podfence_source::read(&[input], &Options::default()).unwrap().world;
        let given = exercise.given_world().unwrap();
        changes(&given, &now, exercise.answer).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn policies_may_be_added_and_objects_moved() {
        let exercise = catalogue::find(2).unwrap();
        let moved: Vec<&str> = exercise.given.split("---\n").chain([exercise.solution]).collect();
        let turned: Vec<&str> = moved.into_iter().rev().collect();
        assert_eq!(after(exercise, &turned.join("---\n")), [""; 0]);
    }

    #[test]
    fn what_is_given_may_not_change() {
        let exercise = catalogue::find(2).unwrap();
        let cases = [
            (exercise.given.replace("app: web", "app: api"), "Pod shop/web has other labels"),
            (exercise.given.replace("5432", "5433"), "Pod shop/db was changed"),
            (exercise.given.replace("name: db", "name: dc"), "Pod shop/db is not there any more"),
            (
                format!("{}---\napiVersion: v1\nkind: Namespace\nmetadata: {{name: x}}\n", exercise.given),
                "Namespace x was added",
            ),
        ];
        for (edited, expected) in cases {
            let found = after(exercise, &edited);
            assert!(found.contains(&expected.to_owned()), "{expected}: {found:?}");
        }
    }

    #[test]
    fn labels_of_one_pod_may_change_where_they_are_the_answer() {
        let exercise = catalogue::find(17).unwrap();
        let labelled = exercise.given.replace("app: newpod", "app: newpod\n    net-web: 'yes'");
        assert_eq!(after(exercise, &labelled), [""; 0]);
        let other = exercise.given.replace("app: other", "app: other\n    net-web: 'yes'");
        assert_eq!(after(exercise, &other), ["Pod shop/other has other labels"]);
        let policy =
            exercise.given.replace("{}\n  policyTypes: [Ingress, Egress]", "{}\n  policyTypes: [Egress]");
        assert_eq!(after(exercise, &policy), ["NetworkPolicy shop/default-deny was changed"]);
        let more = format!("{}---\n{}", exercise.given, catalogue::find(2).unwrap().solution);
        assert_eq!(after(exercise, &more), ["NetworkPolicy shop/db was added"]);
    }
}
