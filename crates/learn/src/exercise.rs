//! One exercise: its texts, and what can be read from them.

use podfence_lab::expect::{self, Row, TableError};
use podfence_model::World;
use podfence_source::{Input, Options, Refused};

/// How hard an exercise is; the order is that of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// One policy with one idea.
    FirstSteps,
    /// What nearly everybody gets wrong once.
    Traps,
    /// Fields that are seldom used.
    FinePoints,
    /// Several ideas at once, as in an exam.
    Exam,
}

impl Level {
    /// The name that the list shows.
    pub fn name(self) -> &'static str {
        match self {
            Self::FirstSteps => "First steps",
            Self::Traps => "Traps",
            Self::FinePoints => "Fine points",
            Self::Exam => "As in an exam",
        }
    }
}

/// What an answer may consist of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// NetworkPolicies, as many as one likes.
    Policies,
    /// Labels of this pod and nothing else: namespace and name.
    LabelsOf(&'static str, &'static str),
}

/// An exercise. All texts are part of the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exercise {
    /// Its place in the list, from 1.
    pub number: u32,
    /// The name of its folder, `03-one-port`: the number and the slug.
    pub folder: &'static str,
    /// How hard it is.
    pub level: Level,
    /// What an answer may consist of.
    pub answer: Answer,
    /// The task in Markdown: a heading with number and title, prose, and the demands as a table of verdicts.
    pub task: &'static str,
    /// The manifests that are given.
    pub given: &'static str,
    /// A policy to be mended; `None` where the learner begins with nothing.
    pub start: Option<&'static str>,
    /// A right answer, in place of `start`.
    pub solution: &'static str,
    pub(crate) hints: &'static str,
}

impl Exercise {
    /// The name of the task's file in the learner's folder.
    pub const TASK: &'static str = "TASK.md";
    /// The name of the file of the given manifests.
    pub const GIVEN: &'static str = "given.yaml";
    /// The name of the file of the policy to be mended.
    pub const START: &'static str = "policy.yaml";

    /// What the score knows it by; stays when exercises are numbered anew.
    pub fn slug(&self) -> &'static str {
        self.folder.split_once('-').map_or(self.folder, |(_, slug)| slug)
    }

    /// Its title, from the task's heading.
    pub fn title(&self) -> &'static str {
        let heading = self.task.lines().next().unwrap_or_default();
        heading.split_once(". ").map_or(heading, |(_, title)| title)
    }

    /// The hints, the gentlest first. A hint is a paragraph.
    pub fn hints(&self) -> Vec<&'static str> {
        self.hints.split("\n\n").map(str::trim).filter(|hint| !hint.is_empty()).collect()
    }

    /// The demands, as the task states them.
    ///
    /// # Errors
    /// Only for a task that has not been tested.
    pub fn demands(&self) -> Result<Vec<Row>, Vec<TableError>> {
        expect::read(Self::TASK, self.task)
    }

    /// The given objects.
    ///
    /// # Errors
    /// Only for manifests that have not been tested.
    pub fn given_world(&self) -> Result<World, Refused> {
        let input = Input::Bytes { name: Self::GIVEN.into(), bytes: self.given.into() };
        podfence_source::read(&[input], &Options::default()).map(|loaded| loaded.world)
    }
}
