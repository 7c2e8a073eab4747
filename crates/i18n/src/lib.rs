//! Texts: keys in, sentences out. One folder a language under `locales/`, one file a room
//! (`codes.ftl`, `terminal.ftl`, `console.ftl`, `desk.ftl`, `receipt.ftl`, `mail.ftl`, `notice.ftl`, `settlement.ftl`).
//!
//! No text is joined from pieces; every language has every key with the same arguments, and every
//! key that the sources name exists (tests below).

mod password;

pub use password::{password_lack, password_rule};

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::OnceLock;

/// A file of texts: language, name, text.
type File = (Lang, &'static str, &'static str);

macro_rules! files {
    ($($name:literal),*) => {
        &[$(
            (Lang::Ja, $name, include_str!(concat!("../locales/ja/", $name))),
            (Lang::En, $name, include_str!(concat!("../locales/en/", $name))),
        )*]
    };
}
/// What a terminal says.
const COUNTER: &[File] = files!("codes.ftl", "common.ftl", "receipt.ftl", "terminal.ftl");
/// What only a center or the simulated world says.
const OFFICE: &[File] =
    files!("cases.ftl", "console.ftl", "desk.ftl", "mail.ftl", "notice.ftl", "settlement.ftl");

/// The texts of one language, parsed when one of them is first asked for: a terminal at rest holds neither the
/// office's nor those of a language that nobody reads.
struct Catalogue {
    counter: OnceLock<Texts>,
    office: OnceLock<Texts>,
}

type Texts = FluentBundle<FluentResource>;

static JA: Catalogue = Catalogue::new();
static EN: Catalogue = Catalogue::new();

impl Catalogue {
    const fn new() -> Self {
        Self { counter: OnceLock::new(), office: OnceLock::new() }
    }

    const fn of(lang: Lang) -> &'static Self {
        match lang {
            Lang::Ja => &JA,
            Lang::En => &EN,
        }
    }
}

fn parsed(lang: Lang, files: &[File]) -> Texts {
    let mut texts = FluentBundle::new_concurrent(vec![lang.tag().parse().unwrap_or_default()]);
    // No marks around arguments: they are figures and names, and slips have a column for each character.
    texts.set_use_isolating(false);
    for (_, _, text) in files.iter().filter(|(of, ..)| *of == lang) {
        // That every file parses is tested; of one that did not, the rest would still be said.
        let file = FluentResource::try_new((*text).to_owned()).unwrap_or_else(|(rest, _)| rest);
        texts.add_resource_overriding(file);
    }
    texts
}

/// The text of a key; a key that does not exist stands for itself.
fn said(lang: Lang, key: &str, args: Option<&FluentArgs<'_>>) -> String {
    let of = Catalogue::of(lang);
    let counter = of.counter.get_or_init(|| parsed(lang, COUNTER));
    let office = || of.office.get_or_init(|| parsed(lang, OFFICE));
    let found = counter.get_message(key).map(|message| (counter, message));
    let found = found.or_else(|| office().get_message(key).map(|message| (office(), message)));
    let Some((texts, pattern)) = found.and_then(|(texts, message)| Some((texts, message.value()?))) else {
        return key.to_owned();
    };
    texts.format_pattern(pattern, args, &mut Vec::new()).into_owned()
}

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

/// The text of `key`.
pub fn t(lang: Lang, key: &str) -> String {
    said(lang, key, None)
}

/// The text of `key` with its arguments, for example `ta(lang, "slip-total", &[("amount", "¥880")])`.
pub fn ta(lang: Lang, key: &str, args: &[(&'static str, &str)]) -> String {
    said(lang, key, Some(&args.iter().copied().collect()))
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
    COUNTER.iter().chain(OFFICE).map(|(lang, name, text)| ((lang.tag(), *name), *text)).collect()
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
    fn every_file_parses_and_is_in_the_catalogue() {
        for ((tag, file), text) in sources() {
            let parsed = FluentResource::try_new(text.to_owned());
            assert!(parsed.is_ok(), "{tag}/{file}: {:?}", parsed.err().map(|(_, errors)| errors));
        }
        for lang in Lang::ALL {
            let folder = format!("{}/locales/{}", env!("CARGO_MANIFEST_DIR"), lang.tag());
            for file in std::fs::read_dir(folder).unwrap() {
                let name = file.unwrap().file_name().into_string().unwrap();
                assert!(sources().contains_key(&(lang.tag(), &*name)), "{name} is said by nobody");
            }
        }
    }

    #[test]
    fn texts_are_found_and_arguments_are_put_in() {
        assert_eq!(t(Lang::Ja, "status-sale"), "売上");
        assert_eq!(ta(Lang::En, "amount-yen", &[("amount", "1,360")]), "¥1,360");
        assert_eq!(t(Lang::En, "settlement-csv-sale"), "Sale", "the office's");
        assert_eq!(t(Lang::En, "no-such-key"), "no-such-key");
    }
}
