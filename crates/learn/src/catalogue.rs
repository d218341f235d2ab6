//! The exercises in rising order. A new one is a folder in `exercises/` and a line here; `tests/exercises` says what it needs.

use crate::exercise::{Answer, Exercise, Level};

macro_rules! text {
    ($folder:literal, $file:literal) => {
        include_str!(concat!("../exercises/", $folder, "/", $file))
    };
}

/// An exercise from its folder: `write` policies, `mend` those of `start.yaml`, or change the labels of a pod.
macro_rules! exercise {
    ($number:literal $folder:literal $level:ident write) => {
        exercise!($number $folder $level None, Answer::Policies)
    };
    ($number:literal $folder:literal $level:ident mend) => {
        exercise!($number $folder $level Some(text!($folder, "start.yaml")), Answer::Policies)
    };
    ($number:literal $folder:literal $level:ident label $namespace:literal $pod:literal) => {
        exercise!($number $folder $level None, Answer::LabelsOf($namespace, $pod))
    };
    ($number:literal $folder:literal $level:ident $start:expr, $answer:expr) => {
        Exercise {
            number: $number,
            folder: $folder,
            level: Level::$level,
            answer: $answer,
            task: text!($folder, "task.md"),
            given: text!($folder, "given.yaml"),
            start: $start,
            solution: text!($folder, "solution.yaml"),
            hints: text!($folder, "hints.md"),
        }
    };
}

/// All exercises, in order of their numbers.
pub const ALL: &[Exercise] = &[
    exercise!(1 "01-deny-all-ingress" FirstSteps write),
    exercise!(2 "02-one-app" FirstSteps write),
    exercise!(3 "03-one-port" FirstSteps write),
    exercise!(4 "04-other-namespace" FirstSteps write),
    exercise!(5 "05-and-or" Traps mend),
    exercise!(6 "06-egress-dns" Traps write),
    exercise!(7 "07-service-port" Traps write),
    exercise!(8 "08-named-ports" Traps write),
    exercise!(9 "09-metadata" Traps write),
    exercise!(10 "10-policies-add-up" Traps mend),
    exercise!(11 "11-policy-types" Traps mend),
    exercise!(12 "12-dns-exactly" Traps mend),
    exercise!(13 "13-port-range" FinePoints write),
    exercise!(14 "14-empty-forms" FinePoints mend),
    exercise!(15 "15-expressions" FinePoints write),
    exercise!(16 "16-right-namespace" FinePoints mend),
    exercise!(17 "17-labels" Exam label "shop" "newpod"),
    exercise!(18 "18-ingress-controller" Exam write),
    exercise!(19 "19-three-tiers" Exam write),
];

/// The exercise of a number.
pub fn find(number: u32) -> Option<&'static Exercise> {
    ALL.iter().find(|exercise| exercise.number == number)
}
