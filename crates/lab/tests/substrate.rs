//! wip
use podfence_lab::topology::*;
use std::time::Instant;
fn main() {
    println!("{:?}", podfence_lab::sandbox::enter());
    let t = Instant::now();
    let mut w = Topology::new(&usual_outside()).unwrap();
    println!("outside {:?}", t.elapsed());
    let nodes: Vec<_> = (1..=3u8).map(|n| NodeSpec { name: format!("node-{n}"), addresses: vec![format!("172.18.0.{n}").parse().unwrap(), format!("fd00:18::{n}").parse().unwrap()], pod_ranges: vec![format!("10.244.{n}.0/24").parse().unwrap(), format!("fd00:10:244:{n}::/64").parse().unwrap()] }).collect();
    w.add_nodes(&nodes).unwrap();
    println!("nodes {:?}", t.elapsed());
    let pods: Vec<_> = (0..20u8).map(|p| { let n = p % 3 + 1; PodSpec { name: format!("pod-{p}"), node: format!("node-{n}"), addresses: vec![format!("10.244.{n}.{}", p+10).parse().unwrap(), format!("fd00:10:244:{n}::{}", p+10).parse().unwrap()], interface: None }}).collect();
    w.add_pods(&pods).unwrap();
    println!("pods {:?}", t.elapsed());
    for cmd in ["ip addr", "ip route", "ip -6 route", "ping -c1 -W1 10.244.2.11", "ping -c1 -W1 fd00:10:244:2::11", "ping -c1 -W1 169.254.169.254", "ping -c1 -W1 2001:db8::1"] {
        let out = w.pod("pod-0").unwrap().netns().run(move || std::process::Command::new("sh").args(["-c", cmd]).output()).unwrap();
        println!("{cmd}: {}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    }
    let out = w.node("node-1").unwrap().run(move || std::process::Command::new("sh").args(["-c", "ip -br addr; ip route; ip -6 route; ip -6 route show table local"]).output()).unwrap();
    println!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
}
