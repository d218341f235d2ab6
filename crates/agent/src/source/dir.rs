//! Manifests in files and directories, read whole and compared with what they said before.
//!
//! What cannot be read exactly changes nothing: the last good state stays enforced until the files are mended. So does a
//! directory that holds no object at all, which is more often a mount that has gone than a cluster without pods.

use std::ffi::OsString;

use podfence_model::{Change, World};
use podfence_source::{Input, Options, Refused, read};

/// Files and directories of manifests.
#[derive(Debug)]
pub struct Directory {
    inputs: Vec<Input>,
    options: Options,
    world: World,
}

impl Directory {
    /// Manifests at these paths. Nothing is read yet.
    pub fn new(paths: &[OsString]) -> Self {
        let inputs = paths.iter().map(|path| Input::from_argument(path)).collect();
        Self { inputs, options: Options::default(), world: World::default() }
    }

    /// Reads everything, and says what is other than before. After an error what was read before still counts.
    pub fn read(&mut self) -> Result<Vec<Change>, Refused> {
        let mut world = read(&self.inputs, &self.options)?.world;
        world.expand_workloads();
        let changes = self.world.changes_to(&world);
        self.world = world;
        Ok(changes)
    }

    /// What it read last.
    pub fn world(&self) -> &World {
        &self.world
    }
}
