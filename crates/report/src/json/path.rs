//! The answer's side of an explanation: paths, directions, tiers, rules.

use podfence_analysis::Path;
use podfence_engine::{Always, NearestMiss, RuleRef, Side, Tier, TierEnd, TierTrace};
use podfence_model::{Direction, NamespacedName, Origin, Place, World};
use serde::Serialize;

use super::Layer4View;
use crate::miss::{Told, hint};
use crate::words;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PathView {
    sources: Vec<String>,
    destinations: Vec<String>,
    #[serde(flatten)]
    layer4: Layer4View,
    /// What the sources' policies see in place of the destinations.
    #[serde(skip_serializing_if = "Option::is_none")]
    leaves_to: Option<String>,
    /// What the destinations' policies see in place of the sources.
    #[serde(skip_serializing_if = "Option::is_none")]
    arrives_as: Option<String>,
    verdict: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    always: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    egress: Option<SideView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ingress: Option<SideView>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    missing: Vec<String>,
}

impl PathView {
    pub(super) fn new(world: &World, path: &Path) -> Self {
        let side = |side: &Side| SideView {
            verdict: words::outcome(&side.outcome),
            tiers: side.tiers.iter().map(|tier| tier_view(world, path, side.direction, tier)).collect(),
        };
        Self {
            sources: path.sources.iter().map(words::end).collect(),
            destinations: path.destinations.iter().map(words::end).collect(),
            layer4: Some(path.layer4).into(),
            leaves_to: path.leaves.as_ref().map(|front| format!("{} {}", front.end, front.layer4)),
            arrives_as: path.arrives.as_ref().map(words::end),
            verdict: words::outcome(&path.answer.outcome),
            always: path.answer.always.map(|always| match always {
                Always::Itself => "itself",
                Always::OwnNode => "own-node",
            }),
            egress: path.answer.egress.as_ref().map(side),
            ingress: path.answer.ingress.as_ref().map(side),
            missing: path.missing.iter().map(ToString::to_string).collect(),
        }
    }
}

#[derive(Serialize)]
struct SideView {
    verdict: &'static str,
    tiers: Vec<TierView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct TierView {
    tier: &'static str,
    policies: Vec<PolicyView>,
    end: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<RuleView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    nearest_miss: Option<MissView>,
}

#[derive(Serialize)]
struct PolicyView {
    namespace: String,
    name: String,
    #[serde(flatten)]
    place: Option<PlaceView>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleView {
    namespace: String,
    policy: String,
    direction: String,
    rule: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_item: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port_item: Option<usize>,
    #[serde(flatten)]
    place: Option<PlaceView>,
}

#[derive(Serialize)]
struct MissView {
    #[serde(flatten)]
    rule: RuleView,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer: Option<String>,
    hints: Vec<String>,
}

#[derive(Serialize)]
struct PlaceView {
    file: String,
    line: u32,
    column: u32,
}

fn place(place: &Place) -> PlaceView {
    PlaceView { file: place.file.to_string(), line: place.line, column: place.column }
}

fn tier_view(world: &World, path: &Path, direction: Direction, tier: &TierTrace) -> TierView {
    let (end, rule) = match &tier.end {
        TierEnd::NotSelected => ("notSelected", None),
        TierEnd::Passed(rule) => ("passed", Some(rule)),
        TierEnd::Allowed(rule) => ("allowed", Some(rule)),
        TierEnd::Denied(rule) => ("denied", rule.as_ref()),
        TierEnd::Undecidable(_) => ("undecidable", None),
    };
    TierView {
        tier: match tier.tier {
            Tier::Admin => "Admin",
            Tier::NetworkPolicy => "NetworkPolicy",
            Tier::Baseline => "Baseline",
        },
        policies: tier.selecting.iter().map(|id| policy_view(world, id)).collect(),
        end,
        rule: rule.map(rule_view),
        nearest_miss: tier.nearest.as_ref().map(|nearest| miss_view(world, path, direction, nearest)),
    }
}

fn policy_view(world: &World, id: &NamespacedName) -> PolicyView {
    let origin = world.policies.get(id).map(|p| &p.meta.origin);
    let place = origin.and_then(|o| match o {
        Origin::File(found) => Some(place(found)),
        Origin::Api(_) | Origin::Assumed(_) => None,
    });
    PolicyView { namespace: id.namespace.clone(), name: id.name.clone(), place }
}

fn rule_view(rule: &RuleRef) -> RuleView {
    RuleView {
        namespace: rule.policy.namespace.clone(),
        policy: rule.policy.name.clone(),
        direction: rule.direction.to_string(),
        rule: rule.rule,
        peer_item: rule.peer,
        port_item: rule.port,
        place: rule.place.as_ref().map(place),
    }
}

fn miss_view(world: &World, path: &Path, direction: Direction, nearest: &NearestMiss) -> MissView {
    let told = Told::new(world, path, direction);
    MissView {
        rule: rule_view(&nearest.rule),
        port: told.as_ref().and_then(|t| nearest.miss.port.as_ref().map(|miss| t.port(miss).sentence)),
        peer: told.as_ref().and_then(|t| nearest.miss.peer.as_ref().map(|miss| t.peer(miss).sentence)),
        hints: nearest.hints.iter().map(|h| hint(h, &nearest.rule.policy)).collect(),
    }
}
