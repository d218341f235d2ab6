//! Dense numbers for the things the engine interns. They mean nothing outside the engine that gave them.

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(pub(crate) u32);

        impl $name {
            pub(crate) fn new(index: usize) -> Self {
                // A world with 2^32 objects of one kind does not fit in memory.
                Self(u32::try_from(index).unwrap_or(u32::MAX))
            }

            /// Its place in a list of all of its kind, in the order of their numbers.
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }
    };
}

id!(
    /// A pod.
    PodId
);
id!(
    /// A policy.
    PolicyId
);
id!(
    /// A distinct peer that some rule names: a pair of selectors, or a block.
    AtomId
);
id!(
    /// A peer class.
    ClassId
);
id!(
    /// A port name with its protocol that some egress rule mentions.
    NameId
);
id!(
    /// A program.
    ProgramId
);
id!(
    /// A union of peer classes.
    UnionId
);
