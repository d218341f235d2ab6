//! Names of sets of ends mean just those sets.

use std::collections::BTreeSet;

use podfence_analysis::AddressSet;
use podfence_analysis::ends::{Directory, EndName, Ends};
use podfence_analysis::matrix::{GroupId, Matrix};
use podfence_engine::{Engine, Reading};
use podfence_model::NamespacedName;
use podfence_testkit::generate::{self, Rng};

const WORLDS: u64 = 400;
const SETS: usize = 12;

/// Where the universe of a world ends.
struct Whole {
    ends: Ends,
}

#[test]
fn names_mean_the_set_they_were_made_for() {
    let mut named = 0;
    for seed in 0..WORLDS {
        let mut world = generate::world(seed);
        world.expand_workloads();
        let engine = Engine::new(&world);
        let matrix = Matrix::new(&engine, Reading::Certain);
        let directory = Directory::new(&world, &engine);
        let families: Vec<_> = matrix.families().collect();
        let all: Vec<GroupId> = matrix
            .groups_with_ids()
            .filter(|(_, group)| families.iter().any(|family| group.is_of(*family)))
            .map(|(id, _)| id)
            .collect();
        let whole = Whole { ends: Ends::of_groups(&engine, &matrix, all.clone()) };
        let mut rng = Rng::with_seed(seed);
        for _ in 0..SETS {
            let share = rng.u8(1..=8);
            let chosen: Vec<GroupId> = all.iter().copied().filter(|_| rng.u8(..8) < share).collect();
            let ends = Ends::of_groups(&engine, &matrix, chosen);
            let names = directory.name(&ends);
            assert_eq!(whole.meant(&world, &directory, &names), ends, "seed {seed}: {names:?}");
            named += names.len();
        }
    }
    assert!(named > 10_000, "{named}");
}

impl Whole {
    fn meant(&self, world: &podfence_model::World, directory: &Directory, names: &[EndName]) -> Ends {
        let mut meant = Ends::default();
        for name in names {
            let pods: BTreeSet<NamespacedName> = directory.pods(name).into_iter().cloned().collect();
            assert!(meant.pods.is_disjoint(&pods), "{name:?} names a pod twice");
            meant.pods.extend(pods);
            let (unknown, outside) = self.addresses(world, name);
            meant.unknown = meant.unknown.union(&unknown);
            meant.outside = meant.outside.union(&outside);
        }
        meant
    }

    fn addresses(&self, world: &podfence_model::World, name: &EndName) -> (AddressSet, AddressSet) {
        let none = AddressSet::default;
        match name {
            EndName::Everybody { .. } => (self.ends.unknown.clone(), self.ends.outside.clone()),
            EndName::UnknownPods => (self.ends.unknown.clone(), none()),
            EndName::UnknownPodsIn(block) => {
                (AddressSet::from(block).intersection(&self.ends.unknown), none())
            }
            EndName::Outside => (none(), self.ends.outside.clone()),
            EndName::Block(block) => (none(), AddressSet::from(block).intersection(&self.ends.outside)),
            EndName::Elsewhere => (none(), self.ends.outside.difference(&stated(world))),
            _ => (none(), none()),
        }
    }
}

/// All blocks of rules in force that are narrower than a family.
fn stated(world: &podfence_model::World) -> AddressSet {
    use podfence_model::{Direction, PeerKind};
    let mut stated = AddressSet::default();
    for policy in world.policies.values() {
        for direction in
            Direction::BOTH.into_iter().filter(|direction| policy.directions.contains(*direction))
        {
            for peer in policy.rules(direction).iter().flat_map(|rule| &rule.peers) {
                if let PeerKind::Block(block) = &peer.kind
                    && block.cidr().net().prefix_len() > 0
                {
                    stated = stated.union(&[block.cidr()].into_iter().collect());
                }
            }
        }
    }
    stated
}
