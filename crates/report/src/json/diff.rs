//! A difference for programs.

use podfence_analysis::AddressSet;
use podfence_analysis::diff::{
    Change, Difference, Fate, HostChange, ObjectChange, Reason, Scope, Stance, Turn,
};
use podfence_analysis::ends::{EndName, Ends};
use podfence_engine::RuleRef;
use serde::Serialize;

use super::Document;
use super::ports::{self, PortsView};
use crate::diff::phrases::Told;
use crate::diff::reasons::because;
use crate::ends;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DifferenceView {
    equal: bool,
    changes: Vec<ChangeView>,
    hosts: Vec<HostView>,
    objects: Vec<ObjectView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct HostView {
    kind: String,
    namespace: String,
    name: String,
    host_network: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeView {
    scope: &'static str,
    turn: &'static str,
    from: EndsView,
    to: EndsView,
    ports: Vec<PortsView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stays: Vec<PortsView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    reasons: Vec<ReasonView>,
    because: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EndsView {
    names: Vec<String>,
    pods: Vec<String>,
    unknown_pods: Vec<BlockView>,
    outside: Vec<BlockView>,
}

#[derive(Serialize)]
struct BlockView {
    cidr: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    except: Vec<String>,
}

#[derive(Serialize)]
struct ReasonView {
    direction: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    before: Option<StanceView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after: Option<StanceView>,
}

#[derive(Serialize)]
#[serde(tag = "stance", rename_all = "camelCase")]
enum StanceView {
    NotIsolated,
    Admits(RuleView),
    Refuses { policies: Vec<String> },
    Unclear { missing: Vec<String> },
}

#[derive(Serialize)]
struct RuleView {
    policy: String,
    rule: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
}

#[derive(Serialize)]
struct ObjectView {
    kind: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    namespace: String,
    name: String,
    fate: &'static str,
}

/// A difference as pretty-printed JSON, ending in a line break.
pub fn diff(difference: &Difference<'_>) -> String {
    let told = Told::new(difference);
    let view = DifferenceView {
        equal: difference.is_empty(),
        changes: difference.changes.iter().map(|change| change_view(&told, change)).collect(),
        hosts: difference.hosts.iter().map(host_view).collect(),
        objects: difference.objects.iter().map(object_view).collect(),
    };
    Document::new("diff-v1", view).text()
}

fn change_view(told: &Told<'_>, change: &Change) -> ChangeView {
    let [from, to] = told.names(change);
    ChangeView {
        scope: match change.scope {
            Scope::Existing => "existing",
            Scope::New => "new",
            Scope::Gone => "gone",
        },
        turn: turn(change.turn),
        from: ends_view(&from, &change.from),
        to: ends_view(&to, &change.to),
        ports: ports::view(&change.ports),
        stays: ports::view(&change.stays),
        family: change.family.map(|family| family.to_string()),
        reasons: told.difference.reasons(change).iter().map(reason_view).collect(),
        because: because(told.difference, change),
    }
}

fn turn(turn: Turn) -> &'static str {
    match turn {
        Turn::Opened => "opened",
        Turn::SettledOpen => "settledOpen",
        Turn::MayOpen => "mayOpen",
        Turn::MayClose => "mayClose",
        Turn::SettledClosed => "settledClosed",
        Turn::Closed => "closed",
    }
}

fn ends_view(names: &[EndName], ends: &Ends) -> EndsView {
    EndsView {
        names: names.iter().map(ends::name).collect(),
        pods: ends.pods.iter().map(ToString::to_string).collect(),
        unknown_pods: blocks(&ends.unknown),
        outside: blocks(&ends.outside),
    }
}

fn blocks(set: &AddressSet) -> Vec<BlockView> {
    let view = |block: &podfence_model::IpBlock| BlockView {
        cidr: block.cidr().to_string(),
        except: block.except().iter().map(ToString::to_string).collect(),
    };
    set.blocks(&AddressSet::default()).iter().map(view).collect()
}

fn reason_view(reason: &Reason) -> ReasonView {
    let view = |stance: &Option<Stance>| stance.as_ref().map(stance_view);
    let direction = reason.direction.to_string();
    ReasonView { direction, before: view(&reason.before), after: view(&reason.after) }
}

fn stance_view(stance: &Stance) -> StanceView {
    match stance {
        Stance::NotIsolated => StanceView::NotIsolated,
        Stance::Admits(rule) => StanceView::Admits(rule_view(rule)),
        Stance::Refuses(policies) => {
            StanceView::Refuses { policies: policies.iter().map(ToString::to_string).collect() }
        }
        Stance::Unclear(facts) => {
            StanceView::Unclear { missing: facts.iter().map(ToString::to_string).collect() }
        }
    }
}

fn rule_view(rule: &RuleRef) -> RuleView {
    RuleView {
        policy: rule.policy.to_string(),
        rule: rule.rule,
        file: rule.place.as_ref().map(|place| place.file.to_string()),
        line: rule.place.as_ref().map(|place| place.line),
    }
}

fn host_view(change: &HostChange) -> HostView {
    let object = &change.object;
    HostView {
        kind: object.kind.to_string(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        host_network: change.has_now,
    }
}

fn object_view(change: &ObjectChange) -> ObjectView {
    let object = &change.object;
    ObjectView {
        kind: object.kind.to_string(),
        namespace: object.namespace.clone(),
        name: object.name.clone(),
        fate: match change.fate {
            Fate::Added => "added",
            Fate::Removed => "removed",
            Fate::Changed => "changed",
        },
    }
}
