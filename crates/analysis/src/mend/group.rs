//! Paths of an explanation that one change may turn together: refused, or admitted, by the same policies of one direction.

use podfence_engine::{NearestMiss, Outcome, RuleRef, Side, TierEnd, TierTrace};
use podfence_model::{
    Direction, Endpoint, Layer4, NamespacedName, Port, PortMatch, PortRange, PortSet, PortSpec, Protocol,
};

use crate::explanation::Explanation;
use crate::judge::Path;

/// What these paths have in common.
#[derive(Debug, Clone)]
pub(super) struct Group {
    pub direction: Direction,
    /// The policies that select the subjects; none = nothing isolates them.
    pub selecting: Vec<NamespacedName>,
    /// What came closest to admitting the first of them.
    pub nearest: Option<NearestMiss>,
    /// What admits the first of them.
    pub admitted_by: Option<RuleRef>,
    /// Whose policies these are.
    pub subjects: Vec<Endpoint>,
    /// Whom they see.
    pub peers: Vec<Endpoint>,
    layer4: Vec<Layer4>,
}

impl Group {
    /// The first direction of an explanation that does not let a path through for certain, with all paths that the same policies refuse.
    pub(super) fn refused(explanation: &Explanation<'_>) -> Option<Self> {
        let refused = |side: &Side| side.outcome != Outcome::Allowed;
        let path = explanation.paths.iter().find(|path| path.answer.outcome != Outcome::Allowed)?;
        let denied = path.answer.sides().find(|side| side.outcome == Outcome::Denied);
        let side = denied.or_else(|| path.answer.sides().find(|side| refused(side)))?;
        Some(Self::alike(explanation, path, side, refused))
    }

    /// The directions of the first path that is not refused, with all paths that the same policies let in.
    pub(super) fn admitted(explanation: &Explanation<'_>) -> Vec<Self> {
        let open = |path: &&Path| path.answer.outcome != Outcome::Denied && path.answer.always.is_none();
        let Some(path) = explanation.paths.iter().find(open) else { return Vec::new() };
        let admitted = |side: &Side| side.outcome != Outcome::Denied;
        path.answer.sides().map(|side| Self::alike(explanation, path, side, admitted)).collect()
    }

    fn alike(
        explanation: &Explanation<'_>,
        first: &Path,
        side: &Side,
        is_it: impl Fn(&Side) -> bool,
    ) -> Self {
        let last = side.tiers.last();
        let selecting = selecting(side);
        let direction = side.direction;
        let mut group = Self {
            direction,
            selecting: selecting.to_vec(),
            nearest: last.and_then(|tier| tier.nearest.clone()),
            admitted_by: last.and_then(admitting),
            subjects: Vec::new(),
            peers: Vec::new(),
            layer4: Vec::new(),
        };
        let same = |path: &&Path| {
            let side = path.answer.sides().find(|side| side.direction == direction);
            side.is_some_and(|side| is_it(side) && self::selecting(side) == selecting)
        };
        let others = explanation.paths.iter().filter(|path| *path != first);
        std::iter::once(first).chain(others.filter(same)).for_each(|path| group.add(path));
        group
    }

    fn add(&mut self, path: &Path) {
        let (peers, layer4) = path.seen(self.direction);
        let subjects = match self.direction {
            Direction::Egress => &path.sources,
            Direction::Ingress => &path.destinations,
        };
        add_new(&mut self.subjects, subjects);
        add_new(&mut self.peers, peers);
        add_new(&mut self.layer4, &[layer4]);
    }

    /// Items for `ports` that admit what they use; none, which admits everything, where that is ICMP.
    pub(super) fn ports(&self) -> Vec<PortMatch> {
        let item = |layer4: &Layer4| match layer4 {
            Layer4::Icmp => None,
            Layer4::Port(protocol, port) => {
                let ports = PortSpec::Range(PortRange::single(*port));
                Some(PortMatch { protocol: *protocol, ports, place: None })
            }
        };
        self.layer4.iter().map(item).collect::<Option<_>>().unwrap_or_default()
    }

    /// Items for all ports with other numbers than those that they use; `None` where they use something without ports.
    pub(super) fn other_ports(&self) -> Option<Vec<PortMatch>> {
        let mut others = PortSet::all();
        for used in &self.layer4 {
            matches!(used, Layer4::Port(..)).then_some(())?;
            others = others.difference(&PortSet::of(*used));
        }
        let of = |protocol: Protocol| {
            let is_whole =
                !self.layer4.iter().any(|used| matches!(used, Layer4::Port(of, _) if *of == protocol));
            let ranges = others.ranges(protocol).filter_map(|(first, last)| {
                PortRange::new(Port::new(first.max(1))?, Port::new(last)?).ok().map(PortSpec::Range)
            });
            let specs: Vec<PortSpec> = if is_whole { vec![PortSpec::All] } else { ranges.collect() };
            specs.into_iter().map(move |ports| PortMatch { protocol, ports, place: None })
        };
        Some(Protocol::ALL.into_iter().flat_map(of).collect())
    }
}

fn add_new<T: Clone + PartialEq>(all: &mut Vec<T>, more: &[T]) {
    for one in more {
        if !all.contains(one) {
            all.push(one.clone());
        }
    }
}

fn selecting(side: &Side) -> &[NamespacedName] {
    side.tiers.last().map_or(&[], |tier| tier.selecting.as_slice())
}

fn admitting(tier: &TierTrace) -> Option<RuleRef> {
    match &tier.end {
        TierEnd::Allowed(rule) | TierEnd::Passed(rule) => Some(rule.clone()),
        TierEnd::NotSelected | TierEnd::Denied(_) | TierEnd::Undecidable(_) => None,
    }
}
