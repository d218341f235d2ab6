//! Pods that are not there yet, for programs.

use std::collections::BTreeMap;

use podfence_analysis::{LabelSets, NewLabels, NewPlace, NewPlaces, NewPods};
use podfence_model::Labels;
use serde::Serialize;

/// Which new pods: of which places, and with which labels.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct NewPodsView {
    #[serde(rename = "in", skip_serializing_if = "Option::is_none")]
    within: Option<Vec<PlaceView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    not_in: Option<Vec<PlaceView>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    with: Option<LabelsView>,
    #[serde(skip_serializing_if = "Option::is_none")]
    without: Option<LabelsView>,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
enum PlaceView {
    Namespace(String),
    NewNamespace(BTreeMap<String, String>),
}

#[derive(Debug, Serialize)]
struct LabelsView {
    including: Vec<BTreeMap<String, String>>,
    exactly: Vec<BTreeMap<String, String>>,
}

impl From<&NewPods> for NewPodsView {
    fn from(pods: &NewPods) -> Self {
        let places = |places: &[NewPlace]| Some(places.iter().map(PlaceView::from).collect());
        let (within, not_in) = match &pods.places {
            NewPlaces::Anywhere => (None, None),
            NewPlaces::AnywhereBut(others) => (None, places(others)),
            NewPlaces::In(some) => (places(some), None),
        };
        let (with, without) = match &pods.labels {
            NewLabels::Any => (None, None),
            NewLabels::AnyBut(sets) => (None, Some(LabelsView::from(sets))),
            NewLabels::With(sets) => (Some(LabelsView::from(sets)), None),
        };
        Self { within, not_in, with, without }
    }
}

impl From<&NewPlace> for PlaceView {
    fn from(place: &NewPlace) -> Self {
        match place {
            NewPlace::Namespace(name) => Self::Namespace(name.clone()),
            NewPlace::NewNamespace(labels) => Self::NewNamespace(plain(labels)),
        }
    }
}

impl From<&LabelSets> for LabelsView {
    fn from(sets: &LabelSets) -> Self {
        let all = |sets: &[Labels]| sets.iter().map(plain).collect();
        Self { including: all(&sets.including), exactly: all(&sets.exactly) }
    }
}

fn plain(labels: &Labels) -> BTreeMap<String, String> {
    (**labels).clone()
}
