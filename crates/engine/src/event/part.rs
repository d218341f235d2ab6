//! Something new that policies name parts the classes of which it holds some members and not others.
//!
//! Both parts stand the same to everything named before, so nothing that was compiled changes: the new part joins
//! whatever holds the old one. A class that the new thing holds whole keeps its number.

use std::collections::BTreeMap;

use podfence_model::IpBlock;

use crate::blocks::{AddressRange, ranges_of};
use crate::class::{ClassKind, Mark, Member};
use crate::ids::{AtomId, ClassId, NameId};
use crate::index::{Engine, likely_ranges, member_addresses};
use crate::resolve::block_over_ranges;

/// Members by the class they are in and what sets them apart there.
type Marked = BTreeMap<(ClassId, Mark), Vec<Member>>;

impl Engine {
    /// Parts classes by an atom that has just been interned.
    pub(super) fn part_by_atom(&mut self, atom: AtomId) {
        match self.atoms.block(atom).cloned() {
            Some(block) => self.part_by_block(atom, block),
            None => self.part_by_pods(atom),
        }
    }

    fn part_by_pods(&mut self, atom: AtomId) {
        let mut marked = Marked::new();
        for (namespace, truth) in self.atoms.index_atom(atom, self.namespaces.values()) {
            let here = self.pods_in(namespace).iter();
            for id in here.filter(|id| self.atoms.takes(atom, &self.pod(**id).meta.labels)) {
                for address in member_addresses(self.pod(*id)) {
                    let member = Member { pod: *id, address };
                    let class = self.classes.of_member(member);
                    if let (Some(class), Some(mark)) = (class, Mark::of(atom, truth)) {
                        marked.entry((class, mark)).or_default().push(member);
                    }
                }
            }
        }
        self.mark(marked);
    }

    fn part_by_block(&mut self, atom: AtomId, block: IpBlock) {
        self.space.add(atom, &block);
        let ranges = ranges_of(&block);
        let likely = block_over_ranges(&ranges, &likely_ranges(&self.all_pod_ranges()));
        let marked = self
            .marked(|member| Mark::of(atom, member.address.map_or(likely, |ip| block.contains(ip).into())));
        self.mark(marked);
        self.part_ranges(atom, &ranges);
        self.likely_blocks.push((atom, likely));
        self.blocks.push((atom, block));
    }

    /// Parts the classes of addresses that no known pod has.
    fn part_ranges(&mut self, atom: AtomId, block: &[AddressRange]) {
        for class in (0..self.classes.list().len()).map(ClassId::new) {
            let (mut inside, mut outside) = (Vec::new(), Vec::new());
            for range in &self.class(class).ranges {
                let (within, without) = range.part(block);
                inside.extend(within);
                outside.extend(without);
            }
            if !inside.is_empty() {
                self.classes.mark_ranges(class, &Mark::In(atom), inside, outside);
            }
        }
    }

    /// Parts classes by a port name that no egress rule mentioned before.
    pub(super) fn part_by_name(&mut self, name: NameId) {
        let marked = self.marked(|member| {
            let given = self.names.given_by(self.pod(member.pod));
            let numbers: Vec<_> = given.into_iter().filter(|(id, _)| *id == name).collect();
            (!numbers.is_empty()).then_some(Mark::Gives(numbers))
        });
        self.mark(marked);
    }

    /// The known pods that get a mark.
    fn marked(&self, mark: impl Fn(&Member) -> Option<Mark>) -> Marked {
        let mut marked = Marked::new();
        for (id, class) in self.classes_with_ids().filter(|(_, class)| class.kind() == ClassKind::Pods) {
            for member in &class.members {
                if let Some(mark) = mark(member) {
                    marked.entry((id, mark)).or_default().push(*member);
                }
            }
        }
        marked
    }

    fn mark(&mut self, marked: Marked) {
        for ((class, mark), members) in marked {
            self.classes.mark_members(class, &mark, members);
        }
    }
}
