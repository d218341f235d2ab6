//! Peer classes: the parts of the address space that no active selector, block or port name tells apart.
//!
//! A class is known by its [`Signature`]. Pods get theirs from their labels, their address and the numbers they
//! give to named ports; all other addresses from the segment they lie in.

use std::collections::HashMap;
use std::net::IpAddr;

use crate::blocks::AddressRange;
use crate::ids::{AtomId, ClassId, NameId, PodId};
use crate::truth::Truth;
use podfence_model::Port;

/// What sort of addresses a class holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ClassKind {
    /// Known pods.
    Pods,
    /// Addresses of the pod ranges that no known pod has: rules that allow pods do not admit them.
    UnknownPods,
    /// Everything else: nodes and the world outside.
    Outside,
}

/// Everything that policies can see of a peer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Signature {
    pub kind: ClassKind,
    /// Atoms the peer belongs to for sure, sorted.
    pub atoms: Vec<AtomId>,
    /// Atoms it may belong to, sorted; empty when all facts are known.
    pub maybe: Vec<AtomId>,
    /// Numbers it gives to the port names that egress rules mention, sorted.
    pub named: Vec<(NameId, Port)>,
}

impl Signature {
    /// Whether the peer belongs to an atom.
    pub(crate) fn truth(&self, atom: AtomId) -> Truth {
        if self.atoms.binary_search(&atom).is_ok() {
            Truth::Yes
        } else if self.maybe.binary_search(&atom).is_ok() {
            Truth::Maybe
        } else {
            Truth::No
        }
    }

    /// The signature with a mark of something new: it has the highest number yet, so the lists stay sorted.
    fn marked(&self, mark: &Mark) -> Self {
        let mut signature = self.clone();
        match mark {
            Mark::In(atom) => signature.atoms.push(*atom),
            Mark::Perhaps(atom) => signature.maybe.push(*atom),
            Mark::Gives(numbers) => signature.named.extend(numbers),
        }
        signature
    }
}

/// What tells members of a class from the others since a peer or a port name has come that no policy named before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mark {
    /// They belong to an atom.
    In(AtomId),
    /// They may belong to it.
    Perhaps(AtomId),
    /// They give a port name these numbers.
    Gives(Vec<(NameId, Port)>),
}

impl Mark {
    /// The mark of those of whom this can be said about an atom; `None` when they do not belong to it.
    pub(crate) fn of(atom: AtomId, truth: Truth) -> Option<Self> {
        match truth {
            Truth::Yes => Some(Self::In(atom)),
            Truth::Maybe => Some(Self::Perhaps(atom)),
            Truth::No => None,
        }
    }
}

/// A known pod's address in a class.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// The pod.
    pub pod: PodId,
    /// Its address; `None` for a pod from a manifest that has none yet.
    pub address: Option<IpAddr>,
}

/// A peer class.
#[derive(Debug)]
pub struct Class {
    pub(crate) signature: Signature,
    /// The known pods in it.
    pub members: Vec<Member>,
    /// The other addresses in it: disjoint ranges, from which the known pods' own addresses count as cut out.
    pub ranges: Vec<AddressRange>,
}

impl Class {
    /// What sort of addresses it holds.
    pub fn kind(&self) -> ClassKind {
        self.signature.kind
    }
}

/// What holds a place in a class: an address that a known pod has, or a pod that has none yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Seat {
    Address(IpAddr),
    Pod(PodId),
}

impl Member {
    fn seat(self) -> Seat {
        self.address.map_or(Seat::Pod(self.pod), Seat::Address)
    }
}

/// All classes, each once, and the place of every known pod in them.
#[derive(Debug, Default)]
pub(crate) struct Classes {
    list: Vec<Class>,
    ids: HashMap<Signature, ClassId>,
    seats: HashMap<Seat, (ClassId, usize)>,
}

impl Classes {
    /// The class of a signature, made if it is new.
    pub(crate) fn intern(&mut self, signature: Signature) -> ClassId {
        if let Some(id) = self.ids.get(&signature) {
            return *id;
        }
        let id = ClassId::new(self.list.len());
        self.ids.insert(signature.clone(), id);
        self.list.push(Class { signature, members: Vec::new(), ranges: Vec::new() });
        id
    }

    /// Enters a member; what held its seat before must have left.
    pub(crate) fn join(&mut self, signature: Signature, member: Member) -> ClassId {
        let id = self.intern(signature);
        let members = &mut self.list[id.index()].members;
        self.seats.insert(member.seat(), (id, members.len()));
        members.push(member);
        id
    }

    /// Takes out whoever holds the seat of `member`; `None` if nobody does.
    pub(crate) fn leave(&mut self, member: Member) -> Option<ClassId> {
        let (id, place) = self.seats.remove(&member.seat())?;
        let members = &mut self.list[id.index()].members;
        members.swap_remove(place);
        if let Some(moved) = members.get(place) {
            self.seats.insert(moved.seat(), (id, place));
        }
        Some(id)
    }

    pub(crate) fn add_range(&mut self, signature: Signature, range: AddressRange) {
        let id = self.intern(signature);
        self.list[id.index()].ranges.push(range);
    }

    /// Marks some members of a class. If these are all, it stays one class and keeps its number; otherwise they leave it
    /// for one of their own.
    pub(crate) fn mark_members(&mut self, id: ClassId, mark: &Mark, members: Vec<Member>) {
        let class = &self.list[id.index()];
        let signature = class.signature.marked(mark);
        if members.len() == class.members.len() && class.ranges.is_empty() {
            return self.rename(id, signature);
        }
        for member in members {
            self.leave(member);
            self.join(signature.clone(), member);
        }
    }

    /// The same for the ranges of a class, of which those inside have the mark.
    pub(crate) fn mark_ranges(
        &mut self,
        id: ClassId,
        mark: &Mark,
        inside: Vec<AddressRange>,
        outside: Vec<AddressRange>,
    ) {
        let signature = self.list[id.index()].signature.marked(mark);
        if outside.is_empty() {
            return self.rename(id, signature);
        }
        self.list[id.index()].ranges = outside;
        for range in inside {
            self.add_range(signature.clone(), range);
        }
    }

    fn rename(&mut self, id: ClassId, signature: Signature) {
        let class = &mut self.list[id.index()];
        self.ids.remove(&class.signature);
        self.ids.insert(signature.clone(), id);
        class.signature = signature;
    }

    /// The class of a member; `None` when another pod holds its seat.
    pub(crate) fn of_member(&self, member: Member) -> Option<ClassId> {
        let (id, place) = self.seats.get(&member.seat())?;
        (self.list[id.index()].members[*place].pod == member.pod).then_some(*id)
    }

    pub(crate) fn list(&self) -> &[Class] {
        &self.list
    }

    pub(crate) fn id(&self, signature: &Signature) -> Option<ClassId> {
        self.ids.get(signature).copied()
    }
}
