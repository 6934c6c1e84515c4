//! Machine images and instance types: a short built-in list.

use postern_names::ImageId;

/// An image. The built-in ones are all the host's own root, under the names that launch scripts look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    pub id: ImageId,
    pub name: &'static str,
    pub description: &'static str,
    /// `x86_64` or `arm64`: the host's.
    pub architecture: &'static str,
    /// RFC 3339.
    pub created: &'static str,
}

/// The image of the host's own root.
pub const HOST_IMAGE: ImageId = ImageId::short(0x0000_0001);

/// The images every account sees.
pub fn images() -> Vec<Image> {
    let architecture = if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" };
    vec![Image {
        id: HOST_IMAGE,
        name: "postern-host-root",
        description: "The root file system of the machine that Postern runs on, read-only below an overlay",
        architecture,
        created: "2026-01-01T00:00:00.000Z",
    }]
}

/// An instance type: a name with AWS's published size.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct InstanceType {
    pub name: &'static str,
    pub vcpus: u32,
    pub memory_mib: u64,
    /// Most network interfaces, and addresses per interface.
    pub interfaces: u32,
    pub addresses_per_interface: u32,
    /// `arm64` for Graviton types, `x86_64` else.
    pub architecture: &'static str,
}

/// The types that may be launched. Source: the EC2 instance types guide.
pub fn instance_types() -> &'static [InstanceType] {
    const fn t(name: &'static str, vcpus: u32, gib_halves: u64, interfaces: u32, addresses: u32) -> InstanceType {
        InstanceType {
            name,
            vcpus,
            memory_mib: gib_halves * 512,
            interfaces,
            addresses_per_interface: addresses,
            architecture: "x86_64",
        }
    }
    const fn arm(mut t: InstanceType) -> InstanceType {
        t.architecture = "arm64";
        t
    }
    static TYPES: &[InstanceType] = &[
        t("t2.nano", 1, 1, 2, 2),
        t("t2.micro", 1, 2, 2, 2),
        t("t2.small", 1, 4, 3, 4),
        t("t2.medium", 2, 8, 3, 6),
        t("t2.large", 2, 16, 3, 12),
        t("t3.nano", 2, 1, 2, 2),
        t("t3.micro", 2, 2, 2, 2),
        t("t3.small", 2, 4, 3, 4),
        t("t3.medium", 2, 8, 3, 6),
        t("t3.large", 2, 16, 3, 12),
        t("t3.xlarge", 4, 32, 4, 15),
        t("m1.small", 1, 3, 2, 4),
        t("m5.large", 2, 16, 3, 10),
        t("m5.xlarge", 4, 32, 4, 15),
        t("m6i.large", 2, 16, 3, 10),
        t("c5.large", 2, 8, 3, 10),
        t("c6i.large", 2, 8, 3, 10),
        t("r5.large", 2, 32, 3, 10),
        arm(t("t4g.nano", 2, 1, 2, 2)),
        arm(t("t4g.micro", 2, 2, 2, 2)),
        arm(t("t4g.small", 2, 4, 3, 4)),
        arm(t("m6g.large", 2, 16, 3, 10)),
        arm(t("m7g.large", 2, 16, 3, 10)),
    ];
    TYPES
}
