//! Manifests in files and directories, read whole; the engine knows what was said before, and no second copy is kept.
//!
//! What cannot be read exactly changes nothing: the last good state stays enforced until the files are mended. So does a
//! directory that holds no object at all, which is more often a mount that has gone than a cluster without pods.

use std::ffi::OsString;

use podfence_model::{Alike, World};
use podfence_source::{Input, Options, Refused, read};

/// Files and directories of manifests.
#[derive(Debug)]
pub struct Directory {
    inputs: Vec<Input>,
    options: Options,
}

impl Directory {
    /// Manifests at these paths. Nothing is read yet.
    pub fn new(paths: &[OsString]) -> Self {
        let inputs = paths.iter().map(|path| Input::from_argument(path)).collect();
        Self { inputs, options: Options::default() }
    }

    /// Reads everything. After an error what was read before still counts.
    pub fn read(&self) -> Result<World, Refused> {
        let mut world = read(&self.inputs, &self.options)?.world;
        world.expand_workloads();
        let mut alike = Alike::default();
        world.pods.values_mut().for_each(|pod| alike.share(pod));
        Ok(world)
    }
}
