//! Names of ends for programs.

use podfence_analysis::ends::EndName;
use serde::Serialize;

use super::new_pods::NewPodsView;
use crate::{ends, words};

/// A name of some ends.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NameView {
    /// What sort of name it is.
    kind: &'static str,
    /// The name in words.
    text: String,
    /// The namespace, workload (`NAMESPACE/KIND/NAME`) or pod.
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    /// The pods of a workload that are meant, if not all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pods: Vec<String>,
    /// The block of addresses.
    #[serde(skip_serializing_if = "Option::is_none")]
    cidr: Option<String>,
    /// What the block leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    except: Vec<String>,
    /// Who is left out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    but: Vec<NameView>,
    /// Which pods that are not there yet.
    #[serde(skip_serializing_if = "Option::is_none")]
    new_pods: Option<NewPodsView>,
}

impl From<&EndName> for NameView {
    fn from(name: &EndName) -> Self {
        let (pods, block, but): (&[_], _, &[EndName]) = match name {
            EndName::Everybody { but } | EndName::EveryPod { but } | EndName::Namespace { but, .. } => {
                (&[], None, but)
            }
            EndName::PartOf { pods, .. } => (pods, None, &[]),
            EndName::Block(block) | EndName::UnknownPodsIn(block) => (&[], Some(block), &[]),
            _ => (&[], None, &[]),
        };
        Self {
            kind: kind(name),
            text: ends::name(name),
            name: object(name),
            pods: pods.iter().map(ToString::to_string).collect(),
            cidr: block.map(|block| block.cidr().to_string()),
            except: block
                .map_or_else(Vec::new, |block| block.except().iter().map(ToString::to_string).collect()),
            but: but.iter().map(Self::from).collect(),
            new_pods: match name {
                EndName::NewPods(pods) => Some(NewPodsView::from(pods)),
                _ => None,
            },
        }
    }
}

fn object(name: &EndName) -> Option<String> {
    match name {
        EndName::Namespace { name, .. } => Some(name.clone()),
        EndName::Workload(workload) | EndName::PartOf { workload, .. } => Some(words::object(workload)),
        EndName::Pod(id) => Some(id.to_string()),
        _ => None,
    }
}

fn kind(name: &EndName) -> &'static str {
    match name {
        EndName::Everybody { .. } => "everybody",
        EndName::EveryPod { .. } => "everyPod",
        EndName::Namespace { .. } => "namespace",
        EndName::Workload(_) => "workload",
        EndName::PartOf { .. } => "partOfWorkload",
        EndName::Pod(_) => "pod",
        EndName::UnknownPods | EndName::UnknownPodsIn(_) => "unknownPods",
        EndName::Outside => "outside",
        EndName::Block(_) => "block",
        EndName::MorePods(_) => "more",
        EndName::Elsewhere => "elsewhere",
        EndName::NewPods(_) => "newPods",
    }
}
