//! Where a lab's agents read what there is: manifests that the lab writes, or whatever else a test brings.

use std::fmt::Debug;
use std::path::PathBuf;
use std::{fs, io};

use podfence_model::World;
use serde::{Deserialize, Serialize};

use crate::memory::Directory;
use crate::objects;

/// Where an agent is told to look.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// Manifests.
    Manifests(PathBuf),
    /// An API server, by a kubeconfig.
    Api(PathBuf),
}

/// What tells a lab's agents of the world.
pub trait Objects: Debug + Send {
    /// Says that the world is so now. An agent that is asked to look afterwards sees all of it.
    ///
    /// # Errors
    /// When it cannot be said.
    fn publish(&mut self, world: &World) -> io::Result<()>;

    /// Where agents look.
    fn source(&self) -> Source;
}

/// Manifests in memory.
#[derive(Debug)]
pub(crate) struct Manifests(Directory);

impl Manifests {
    pub(crate) fn new() -> io::Result<Self> {
        Directory::new().map(Self)
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("objects.yaml")
    }
}

impl Objects for Manifests {
    /// Replaces them at once, so that no agent reads half of them.
    fn publish(&mut self, world: &World) -> io::Result<()> {
        let beside = self.0.path().join(".objects");
        fs::write(&beside, objects::text(world))?;
        fs::rename(beside, self.path())
    }

    fn source(&self) -> Source {
        Source::Manifests(self.path())
    }
}
