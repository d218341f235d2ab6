//! The assumed cluster: what every cluster has and manifests seldom state.
//!
//! One place for it, so that `explain` and the lab assume the same. Everything added here carries
//! [`Origin::Assumed`], and answers that rest on it say so.

use podfence_model::{
    ContainerPort, Copies, DnsKind, Kind, Labels, Meta, Namespace, NamespacedName, ObjectRef, Origin, Pod,
    PodTemplate, Port, Protocol, Service, ServiceAddress, ServicePort, ServiceType, SessionAffinity,
    TargetPort, TrafficPolicy, Workload, World,
};

/// The port that clients ask, of the DNS Service.
pub const DNS_PORT: Port = Port::new(53).unwrap();

/// The pods that answer the cluster's names, and the Service before them.
struct Dns {
    namespace: &'static str,
    label: (&'static str, &'static str),
    workload: (Kind, &'static str),
    service: &'static str,
    /// The port that the pods listen on.
    listens: Port,
    metrics: Port,
}

/// As kubeadm and most distributions install it, whatever the server.
const CORE_DNS: Dns = Dns {
    namespace: "kube-system",
    label: ("k8s-app", "kube-dns"),
    workload: (Kind::Deployment, "coredns"),
    service: "kube-dns",
    listens: DNS_PORT,
    metrics: Port::new(9153).unwrap(),
};

/// As OpenShift's DNS operator installs it.
const OPENSHIFT: Dns = Dns {
    namespace: "openshift-dns",
    label: ("dns.operator.openshift.io/daemonset-dns", "default"),
    workload: (Kind::DaemonSet, "dns-default"),
    service: "dns-default",
    listens: Port::new(5353).unwrap(),
    metrics: Port::new(9154).unwrap(),
};

impl Dns {
    fn has(&self, pod: &Pod) -> bool {
        let (key, value) = self.label;
        pod.meta.id.namespace == self.namespace && pod.meta.labels.get(key).is_some_and(|v| v == value)
    }

    fn labels(&self) -> Labels {
        let (key, value) = self.label;
        Labels::from([(key.into(), value.into())])
    }
}

const WHY: &str = "assumed: no input states the cluster DNS";

/// Whether a pod is one of the cluster DNS: label `k8s-app: kube-dns` in `kube-system`, or on OpenShift
/// `dns.operator.openshift.io/daemonset-dns: default` in `openshift-dns`.
pub fn is_cluster_dns(pod: &Pod) -> bool {
    CORE_DNS.has(pod) || OPENSHIFT.has(pod)
}

/// Whether a namespace is one that a cluster DNS lives in.
pub fn is_dns_namespace(namespace: &str) -> bool {
    [CORE_DNS.namespace, OPENSHIFT.namespace].contains(&namespace)
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

/// Adds the cluster DNS, unless the world has its pods; true when it was added.
///
/// That is CoreDNS as kubeadm installs it, or what the world's facts say: a namespace (with no label but its name, unless an
/// input states it), a workload with one pod, and a Service without an address. Nothing is added where the facts say that no
/// pods answer. Expands the world's workloads.
pub fn add_cluster_dns(world: &mut World) -> bool {
    world.expand_workloads();
    let dns = match world.facts.dns {
        None | Some(DnsKind::CoreDns) => &CORE_DNS,
        Some(DnsKind::OpenShift) => &OPENSHIFT,
        Some(DnsKind::GkeCloudDns) => return false,
    };
    if world.pods.values().any(is_cluster_dns) {
        return false;
    }
    if !world.namespaces.get(dns.namespace).is_some_and(|n| n.labels_known) {
        let namespace = Namespace::new(dns.namespace, Labels::new(), Origin::Assumed(WHY));
        world.namespaces.insert(dns.namespace.into(), namespace);
    }
    let workload = workload(dns);
    world.workloads.entry(workload.id.clone()).or_insert(workload);
    let service = service(dns);
    world.services.entry(service.meta.id.clone()).or_insert(service);
    world.expand_workloads();
    true
}

fn workload(dns: &Dns) -> Workload {
    let port = |name: &str, protocol, number| ContainerPort { name: Some(name.into()), protocol, number };
    let (kind, name) = dns.workload.clone();
    Workload {
        id: ObjectRef { kind, namespace: dns.namespace.into(), name: name.into() },
        origin: Origin::Assumed(WHY),
        copies: Copies::Count(1),
        template: PodTemplate {
            labels: dns.labels(),
            node: None,
            host_network: false,
            ports: vec![
                port("dns", Protocol::Udp, dns.listens),
                port("dns-tcp", Protocol::Tcp, dns.listens),
                port("metrics", Protocol::Tcp, dns.metrics),
            ]
            .into(),
        },
    }
}

fn service(dns: &Dns) -> Service {
    let port = |name: &str, protocol, port, target| ServicePort {
        name: Some(name.into()),
        protocol,
        port,
        target: TargetPort::Number(target),
        node_port: None,
    };
    let id = NamespacedName::new(dns.namespace, dns.service);
    Service {
        meta: Meta { id, labels: dns.labels(), origin: Origin::Assumed(WHY) },
        kind: ServiceType::ClusterIp,
        address: ServiceAddress::Unstated,
        external_ips: Vec::new(),
        load_balancer_ips: Vec::new(),
        selector: Some(dns.labels()),
        ports: vec![
            port("dns", Protocol::Udp, DNS_PORT, dns.listens),
            port("dns-tcp", Protocol::Tcp, DNS_PORT, dns.listens),
            port("metrics", Protocol::Tcp, dns.metrics, dns.metrics),
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
        assert!(world.namespaces["kube-system"].labels_known);
    }

    #[test]
    fn what_is_told_of_the_dns_is_assumed() {
        let mut world = World::default();
        world.facts.dns = Some(DnsKind::GkeCloudDns);
        assert!(!add_cluster_dns(&mut world));
        world.facts.dns = Some(DnsKind::OpenShift);
        assert!(add_cluster_dns(&mut world));
        let pod = &world.pods[&NamespacedName::new("openshift-dns", "dns-default-0")];
        assert!(is_cluster_dns(pod) && pod.named_port("dns", Protocol::Udp).eq(Port::new(5353)));
    }
}
