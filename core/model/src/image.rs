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
    /// The account that publishes images of such names.
    pub owner: &'static str,
    /// `amazon` for Amazon's own account.
    pub owner_alias: Option<&'static str>,
}

/// The image of the host's own root.
pub const HOST_IMAGE: ImageId = ImageId::short(0x0000_0001);

/// Where the public parameters of Amazon Linux, Ubuntu and Debian images begin.
const IMAGE_PARAMETERS: &[&str] =
    &["/aws/service/ami-amazon-linux-latest/", "/aws/service/canonical/ubuntu/", "/aws/service/debian/release/"];

/// The image that a public parameter of Systems Manager names (`/aws/service/ami-amazon-linux-latest/...`).
pub fn image_of_parameter(path: &str) -> Option<ImageId> {
    IMAGE_PARAMETERS.iter().any(|begin| path.starts_with(begin)).then_some(HOST_IMAGE)
}

/// The images every account sees: the host's root by its own name, and by names of well-known distributions.
pub fn images() -> Vec<Image> {
    let image = |number: u32, name, description, created, owner, owner_alias| Image {
        id: ImageId::short(number),
        name,
        description,
        architecture: if cfg!(target_arch = "aarch64") { "arm64" } else { "x86_64" },
        created,
        owner,
        owner_alias,
    };
    let amazon = |number, name, description, created| image(number, name, description, created, AMAZON, Some("amazon"));
    let [al2023, al2, al2_kernel, jammy, noble, bookworm, trixie] = NAMES;
    vec![
        amazon(
            0x0000_0001,
            "postern-host-root",
            "The root file system of the machine that Postern runs on, read-only below an overlay",
            "2026-01-01T00:00:00.000Z",
        ),
        amazon(0x0000_2023, al2023, "Answers to Amazon Linux 2023: is the host's root", "2026-11-01T00:00:00.000Z"),
        amazon(0x0000_0002, al2, "Answers to Amazon Linux 2: is the host's root", "2026-10-01T00:00:00.000Z"),
        amazon(0x0000_0510, al2_kernel, "Answers to Amazon Linux 2: is the host's root", "2026-10-02T00:00:00.000Z"),
        image(
            0x0000_2204,
            jammy,
            "Answers to Ubuntu 22.04: is the host's root",
            "2026-11-01T00:00:00.000Z",
            CANONICAL,
            None,
        ),
        image(
            0x0000_2404,
            noble,
            "Answers to Ubuntu 24.04: is the host's root",
            "2026-11-01T00:00:00.000Z",
            CANONICAL,
            None,
        ),
        image(
            0x0000_0012,
            bookworm,
            "Answers to Debian 12: is the host's root",
            "2026-11-01T00:00:00.000Z",
            DEBIAN,
            None,
        ),
        image(
            0x0000_0013,
            trixie,
            "Answers to Debian 13: is the host's root",
            "2026-11-01T00:00:00.000Z",
            DEBIAN,
            None,
        ),
    ]
}

/// The publishers' accounts, as their documents name them.
const AMAZON: &str = "137112412989";
const CANONICAL: &str = "099720109477";
const DEBIAN: &str = "136693071363";

/// Names after the publishers' patterns, for the host's architecture.
#[cfg(not(target_arch = "aarch64"))]
const NAMES: [&str; 7] = [
    "al2023-ami-2023.9.20261101.0-kernel-6.1-x86_64",
    "amzn2-ami-hvm-2.0.20261001.0-x86_64-gp2",
    "amzn2-ami-kernel-5.10-hvm-2.0.20261001.0-x86_64-gp2",
    "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-amd64-server-20261101",
    "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20261101",
    "debian-12-amd64-20261101-2282",
    "debian-13-amd64-20261101-2282",
];
#[cfg(target_arch = "aarch64")]
const NAMES: [&str; 7] = [
    "al2023-ami-2023.9.20261101.0-kernel-6.1-arm64",
    "amzn2-ami-hvm-2.0.20261001.0-arm64-gp2",
    "amzn2-ami-kernel-5.10-hvm-2.0.20261001.0-arm64-gp2",
    "ubuntu/images/hvm-ssd/ubuntu-jammy-22.04-arm64-server-20261101",
    "ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-arm64-server-20261101",
    "debian-12-arm64-20261101-2282",
    "debian-13-arm64-20261101-2282",
];

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

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_image_has_an_id_and_a_name_of_its_own() {
        let images = images();
        assert_eq!(images.iter().map(|i| i.id).collect::<BTreeSet<_>>().len(), images.len());
        assert_eq!(images.iter().map(|i| i.name).collect::<BTreeSet<_>>().len(), images.len());
        assert_eq!(images.first().map(|i| i.id), Some(HOST_IMAGE));
    }

    #[test]
    fn public_parameters_name_the_host() {
        let latest = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64";
        assert_eq!(image_of_parameter(latest), Some(HOST_IMAGE));
        assert_eq!(image_of_parameter("/my/own/parameter"), None);
    }
}
