//! The assumed cluster: what every cluster has and manifests seldom state.
//!
//! One place for it, so that `explain` and the lab assume the same. Everything added here carries
//! [`Origin::Assumed`], and answers that rest on it say so.

use podfence_model::{
    ContainerPort, Copies, Kind, Labels, Meta, Namespace, NamespacedName, ObjectRef, Origin, Pod,
    PodTemplate, Port, Protocol, Service, ServiceAddress, ServicePort, ServiceType, SessionAffinity,
    TargetPort, TrafficPolicy, Workload, World,
};

/// The namespace of the cluster DNS.
pub const DNS_NAMESPACE: &str = "kube-system";
/// The label key that the cluster DNS pods carry, whatever the server.
pub const DNS_LABEL: &str = "k8s-app";
/// The value of [`DNS_LABEL`].
pub const DNS_LABEL_VALUE: &str = "kube-dns";
/// The port that clients ask, of the DNS Service.
pub const DNS_PORT: Port = Port::new(53).unwrap();

const WHY: &str = "assumed: no input states the cluster DNS";
const METRICS_PORT: Port = Port::new(9153).unwrap();

/// Whether a pod is one of the cluster DNS: label `k8s-app: kube-dns` in `kube-system`.
pub fn is_cluster_dns(pod: &Pod) -> bool {
    pod.meta.id.namespace == DNS_NAMESPACE
        && pod.meta.labels.get(DNS_LABEL).is_some_and(|v| v == DNS_LABEL_VALUE)
}

/// Values of [`APP_LABELS`] that ingress controllers install their pods with.
const INGRESS_CONTROLLERS: [&str; 12] = [
    "ambassador",
    "contour",
    "emissary-ingress",
    "haproxy-ingress",
    "ingress-controller",
    "ingress-nginx",
    "istio-ingressgateway",
    "kong",
    "kubernetes-ingress",
    "nginx-ingress",
    "nginx-ingress-controller",
    "traefik",
];
/// Labels that say which application a pod belongs to, the recommended one first.
const APP_LABELS: [&str; 4] = ["app.kubernetes.io/name", "app", "k8s-app", "name"];
const COMPONENT_LABEL: &str = "app.kubernetes.io/component";

/// Whether a pod is taken for an ingress controller, which proxies what Ingresses say: one of the labels
/// `app.kubernetes.io/name`, `app`, `k8s-app` and `name` has the name of a controller that is widely used (`ingress-nginx`,
/// `traefik`, `haproxy-ingress` and so on), and `app.kubernetes.io/component`, if it is there, is `controller` or
/// `ingress-controller`: such a chart has other pods, too.
pub fn is_ingress_controller(pod: &Pod) -> bool {
    let label = |key: &str| pod.meta.labels.get(key).map(String::as_str);
    let named = APP_LABELS.iter().filter_map(|key| label(key)).any(|app| INGRESS_CONTROLLERS.contains(&app));
    named && label(COMPONENT_LABEL).is_none_or(|part| ["controller", "ingress-controller"].contains(&part))
}

/// Adds CoreDNS as kubeadm installs it, unless the world has cluster DNS pods; true when it was added.
///
/// The Namespace `kube-system` (with no label but its name, unless an input states it), a Deployment
/// `coredns` with one pod, and the Service `kube-dns` without an address. Expands the world's workloads.
pub fn add_cluster_dns(world: &mut World) -> bool {
    world.expand_workloads();
    if world.pods.values().any(is_cluster_dns) {
        return false;
    }
    if !world.namespaces.get(DNS_NAMESPACE).is_some_and(|n| n.labels_known) {
        let namespace = Namespace::new(DNS_NAMESPACE, Labels::new(), Origin::Assumed(WHY));
        world.namespaces.insert(DNS_NAMESPACE.into(), namespace);
    }
    let deployment = coredns();
    world.workloads.entry(deployment.id.clone()).or_insert(deployment);
    let service = kube_dns();
    world.services.entry(service.meta.id.clone()).or_insert(service);
    world.expand_workloads();
    true
}

fn dns_labels() -> Labels {
    Labels::from([(DNS_LABEL.into(), DNS_LABEL_VALUE.into())])
}

fn coredns() -> Workload {
    let port = |name: &str, protocol, number| ContainerPort { name: Some(name.into()), protocol, number };
    Workload {
        id: ObjectRef { kind: Kind::Deployment, namespace: DNS_NAMESPACE.into(), name: "coredns".into() },
        origin: Origin::Assumed(WHY),
        copies: Copies::Count(1),
        template: PodTemplate {
            labels: dns_labels(),
            node: None,
            host_network: false,
            ports: vec![
                port("dns", Protocol::Udp, DNS_PORT),
                port("dns-tcp", Protocol::Tcp, DNS_PORT),
                port("metrics", Protocol::Tcp, METRICS_PORT),
            ],
        },
    }
}

fn kube_dns() -> Service {
    let port = |name: &str, protocol, number| ServicePort {
        name: Some(name.into()),
        protocol,
        port: number,
        target: TargetPort::Number(number),
        node_port: None,
    };
    let id = NamespacedName::new(DNS_NAMESPACE, "kube-dns");
    Service {
        meta: Meta { id, labels: dns_labels(), origin: Origin::Assumed(WHY) },
        kind: ServiceType::ClusterIp,
        address: ServiceAddress::Unstated,
        external_ips: Vec::new(),
        load_balancer_ips: Vec::new(),
        selector: Some(dns_labels()),
        ports: vec![
            port("dns", Protocol::Udp, DNS_PORT),
            port("dns-tcp", Protocol::Tcp, DNS_PORT),
            port("metrics", Protocol::Tcp, METRICS_PORT),
        ],
        external_traffic: TrafficPolicy::Cluster,
        internal_traffic: TrafficPolicy::Cluster,
        affinity: SessionAffinity::None,
        publish_not_ready: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dns_is_added_once_and_never_beside_a_stated_one() {
        let mut world = World::default();
        assert!(add_cluster_dns(&mut world));
        assert!(!add_cluster_dns(&mut world));
        assert_eq!(world.pods.values().filter(|p| is_cluster_dns(p)).count(), 1);
        assert!(world.namespaces[DNS_NAMESPACE].labels_known);
    }
}
