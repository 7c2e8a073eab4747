//! Texts: keys in, sentences out. One folder a language under `locales/`, one file a room
//! (`codes.ftl`, `terminal.ftl`, `console.ftl`, `desk.ftl`, `receipt.ftl`, `mail.ftl`, `notice.ftl`, `settlement.ftl`).
//!
//! No text is joined from pieces; every language has every key with the same arguments, and every
//! key that the sources name exists (tests below).

use fluent_templates::{LanguageIdentifier, Loader, fluent_bundle::FluentValue};
use serde::{Deserialize, Serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

#[expect(clippy::disallowed_types, reason = "the library's maps; their order is never seen")]
mod catalogue {
    //! The embedded catalogues.
    fluent_templates::static_loader! {
        pub(crate) static CATALOGUE = {
            locales: "./locales",
            fallback_language: "ja",
            customise: |bundle| bundle.set_use_isolating(false),
        };
    }
}
use catalogue::CATALOGUE;

/// A language of screens and mails. Slips stay Japanese with bilingual labels (spec screens 2.7).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lang {
    /// Japanese.
    #[default]
    Ja,
    /// English.
    En,
}

impl Lang {
    /// Every language, in menu order.
    pub const ALL: [Self; 2] = [Self::Ja, Self::En];

    /// The `lang` attribute: `ja`, `en`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::Ja => "ja",
            Self::En => "en",
        }
    }

    /// The language's own name.
    pub const fn own_name(self) -> &'static str {
        match self {
            Self::Ja => "日本語",
            Self::En => "English",
        }
    }

    /// Reads [`Lang::tag`].
    pub fn from_tag(tag: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lang| lang.tag() == tag)
    }
}

fn id(lang: Lang) -> LanguageIdentifier {
    match lang {
        Lang::Ja => fluent_templates::langid!("ja"),
        Lang::En => fluent_templates::langid!("en"),
    }
}

/// The text of `key`.
pub fn t(lang: Lang, key: &str) -> String {
    CATALOGUE.lookup(&id(lang), key)
}

/// The text of `key` with its arguments, for example `ta(lang, "slip-total", &[("amount", "¥880")])`.
pub fn ta(lang: Lang, key: &str, args: &[(&'static str, &str)]) -> String {
    #[expect(clippy::disallowed_types, reason = "the library takes a HashMap; its order is never seen")]
    let args: std::collections::HashMap<Cow<'static, str>, FluentValue<'_>> =
        args.iter().map(|(name, value)| (Cow::Borrowed(*name), FluentValue::from(*value))).collect();
    CATALOGUE.lookup_with_args(&id(lang), key, &args)
}

/// What a person reads about a code: title, what happened, what to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeText {
    /// A few words.
    pub title: String,
    /// What happened.
    pub what: String,
    /// What to do next.
    pub next: String,
}

/// The texts of a code.
pub fn code_text(lang: Lang, code: codes::Code) -> CodeText {
    CodeText {
        title: t(lang, &code.title_key()),
        what: t(lang, &code.what_key()),
        next: t(lang, &code.next_key()),
    }
}

/// The source of every catalogue file: (language tag, file name, text), for tests and tools.
pub fn sources() -> BTreeMap<(&'static str, &'static str), &'static str> {
    macro_rules! files {
        ($($file:literal),*) => {
            BTreeMap::from([$(
                (("ja", $file), include_str!(concat!("../locales/ja/", $file))),
                (("en", $file), include_str!(concat!("../locales/en/", $file))),
            )*])
        };
    }
    files!(
        "cases.ftl",
        "codes.ftl",
        "common.ftl",
        "console.ftl",
        "desk.ftl",
        "mail.ftl",
        "notice.ftl",
        "receipt.ftl",
        "settlement.ftl",
        "terminal.ftl"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// key → arguments of one language.
    fn keys(tag: &str) -> BTreeMap<String, BTreeSet<String>> {
        let mut all = BTreeMap::new();
        for ((lang, file), text) in sources() {
            if lang != tag {
                continue;
            }
            let mut key = String::new();
            for line in text.lines() {
                if let Some((name, _)) =
                    line.split_once(" =").filter(|_| line.starts_with(|c: char| c.is_ascii_lowercase()))
                {
                    key = name.to_owned();
                    assert!(all.insert(key.clone(), BTreeSet::new()).is_none(), "{tag}/{file}: {key} twice");
                }
                for part in line.split("{ $").skip(1) {
                    let name: String =
                        part.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
                    all.entry(key.clone()).or_default().insert(name);
                }
            }
        }
        all
    }

    #[test]
    fn every_language_has_every_key_with_the_same_arguments() {
        let ja = keys("ja");
        for lang in Lang::ALL {
            let other = keys(lang.tag());
            let missing: Vec<_> = ja.keys().filter(|key| !other.contains_key(*key)).collect();
            let extra: Vec<_> = other.keys().filter(|key| !ja.contains_key(*key)).collect();
            assert!(missing.is_empty() && extra.is_empty(), "{lang:?}: missing {missing:?}, extra {extra:?}");
            for (key, args) in &ja {
                assert_eq!(Some(args), other.get(key), "{lang:?}: arguments of {key}");
            }
        }
    }

    #[test]
    fn every_code_and_status_has_its_texts() {
        let ja = keys("ja");
        for code in codes::all() {
            for key in [code.title_key(), code.what_key(), code.next_key()] {
                assert!(ja.contains_key(&key), "{key}");
            }
        }
        for key in payment::LABEL_KEYS {
            assert!(ja.contains_key(*key), "{key}");
        }
    }

    #[test]
    fn texts_are_found_and_arguments_are_put_in() {
        assert_eq!(t(Lang::Ja, "status-sale"), "売上");
        assert_eq!(ta(Lang::En, "amount-yen", &[("amount", "1,360")]), "¥1,360");
    }
}
