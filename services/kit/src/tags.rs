//! Tags, and the condition keys that tell of them.

use postern_policy::Keys;

/// Key and value, in the order they were put.
pub type Tags = Vec<(String, String)>;

/// Puts new tags over old ones: a known key gets the new value and keeps its place.
pub fn merge_tags(tags: &mut Tags, new: Tags) {
    for (key, value) in new {
        match tags.iter_mut().find(|(known, _)| *known == key) {
            Some(tag) => tag.1 = value,
            None => tags.push((key, value)),
        }
    }
}

/// `aws:RequestTag/*` and `aws:TagKeys` of a request that brings these tags.
pub fn request_tag_keys<'t>(tags: impl IntoIterator<Item = (&'t str, &'t str)>, keys: &mut Keys) {
    let mut names = Vec::new();
    for (name, value) in tags {
        keys.insert(format!("aws:requesttag/{}", name.to_lowercase()), vec![value.to_owned()]);
        names.push(name.to_owned());
    }
    if !names.is_empty() {
        keys.entry("aws:tagkeys".into()).or_default().extend(names);
    }
}

/// `aws:ResourceTag/*` of a resource that has these tags.
pub fn resource_tag_keys(tags: &Tags, keys: &mut Keys) {
    for (name, value) in tags {
        keys.insert(format!("aws:resourcetag/{}", name.to_lowercase()), vec![value.clone()]);
    }
}
