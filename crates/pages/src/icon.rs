//! Pictograms as inline SVG: one 24×24 line face, drawn in the text colour, hidden from screen
//! readers because a word always stands beside them.

use maud::{Markup, PreEscaped, Render, html};

/// One pictogram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// ✓ done.
    Check,
    /// × refused.
    Cross,
    /// ? in doubt.
    Question,
    /// ! take care.
    Warning,
    /// i to know.
    Info,
    /// ↩ given back.
    Undo,
    /// ◔ reserved, not yet final.
    Reserved,
    /// ⊘ released.
    Released,
    /// A payment card.
    Card,
    /// A contactless wave.
    Touch,
    /// A card going into a slot.
    Insert,
    /// A card drawn through a slit.
    Swipe,
    /// The reader's own number pad.
    PinPad,
    /// A printer.
    Printer,
    /// A two-dimensional code.
    Qr,
    /// An envelope.
    Mail,
    /// A receipt.
    Receipt,
    /// No receipt.
    NoReceipt,
    /// Delete one digit.
    Backspace,
    /// A person.
    Person,
    /// A shop front.
    Shop,
    /// A terminal.
    Terminal,
    /// A keypad.
    Keypad,
    /// A list of past payments.
    History,
    /// Totals.
    Sum,
    /// Settings.
    Settings,
    /// A magnifier.
    Search,
    /// A pen.
    Sign,
    /// Sending upward.
    Send,
    /// An answer coming down.
    Answer,
    /// A clock.
    Clock,
    /// A lock.
    Lock,
    /// Copy.
    Copy,
    /// An eye.
    Eye,
    /// To the next.
    Next,
    /// To the previous.
    Previous,
    /// The phone of the help line.
    Phone,
    /// Power or leave.
    Exit,
    /// A graduation cap: training.
    Training,
    /// Home.
    Home,
    /// A network of wires.
    Network,
    /// Download.
    Download,
    /// A bank.
    Bank,
    /// A leaf of a calendar.
    Calendar,
    /// Three lines: the menu.
    Menu,
}

impl Icon {
    fn paths(self) -> &'static str {
        self.state_paths().or_else(|| self.thing_paths()).unwrap_or_else(|| self.tool_paths())
    }

    fn state_paths(self) -> Option<&'static str> {
        Some(match self {
            Self::Check => r#"<path d="M5 12.5l4.7 4.7L19.5 7"/>"#,
            Self::Cross => r#"<path d="M6.5 6.5l11 11"/><path d="M17.5 6.5l-11 11"/>"#,
            Self::Question => {
                r#"<path d="M8.6 8.8a3.5 3.5 0 1 1 5 3.2c-1.1.6-1.6 1.3-1.6 2.6"/><path d="M12 18.4v.1"/>"#
            }
            Self::Warning => r#"<path d="M12 3.8L2.8 19.6h18.4z"/><path d="M12 9.8v4.6M12 17v.1"/>"#,
            Self::Info => r#"<circle cx="12" cy="12" r="9"/><path d="M12 11v5.5M12 7.6v.1"/>"#,
            Self::Undo => r#"<path d="M8.5 5L4.5 9l4 4"/><path d="M5 9h9a5 5 0 0 1 0 10H8.5"/>"#,
            Self::Reserved => {
                r#"<circle cx="12" cy="12" r="8"/><path d="M12 4v8h8A8 8 0 0 0 12 4z" fill="currentColor"/>"#
            }
            Self::Released => r#"<circle cx="12" cy="12" r="8"/><path d="M6.5 17.5l11-11"/>"#,
            _ => return None,
        })
    }

    fn thing_paths(self) -> Option<&'static str> {
        Some(match self {
            Self::Card => {
                r#"<rect x="2.8" y="5.2" width="18.4" height="13.6" rx="2"/><path d="M3 9.6h18M6 15h4"/>"#
            }
            Self::Touch => {
                r#"<path d="M6 10.2a3.6 3.6 0 0 1 0 3.6M9.6 7.6a7.4 7.4 0 0 1 0 8.8M13.2 5.2a11.2 11.2 0 0 1 0 13.6M16.9 3a15.3 15.3 0 0 1 0 18"/>"#
            }
            Self::Insert => {
                r#"<rect x="7" y="2.8" width="10" height="12" rx="1.4"/><path d="M10 6h4v3h-4zM3 15.5h18V20a1.2 1.2 0 0 1-1.2 1.2H4.2A1.2 1.2 0 0 1 3 20z"/>"#
            }
            Self::Swipe => {
                r#"<rect x="2.8" y="6" width="12" height="9" rx="1.4"/><path d="M3 9h12M12 19h9M18 16l3 3-3 3"/>"#
            }
            Self::PinPad => {
                r#"<rect x="4.5" y="2.8" width="15" height="18.4" rx="2"/><path d="M7.5 6h9v3h-9zM8.5 12.5v.1M12 12.5v.1M15.5 12.5v.1M8.5 15.5v.1M12 15.5v.1M15.5 15.5v.1M8.5 18.5v.1M12 18.5v.1M15.5 18.5v.1"/>"#
            }
            Self::Printer => {
                r#"<path d="M7 8V3h10v5M7 17H4.4A1.4 1.4 0 0 1 3 15.6v-6A1.6 1.6 0 0 1 4.6 8h14.8A1.6 1.6 0 0 1 21 9.6v6a1.4 1.4 0 0 1-1.4 1.4H17"/><path d="M7 13.5h10V21H7z"/>"#
            }
            Self::Qr => {
                r#"<path d="M3.5 3.5h6v6h-6zM14.5 3.5h6v6h-6zM3.5 14.5h6v6h-6zM14.5 14.5h2.5v2.5M20.5 14.5v2M14.5 20.5h2M20.5 19v1.5H19"/>"#
            }
            Self::Mail => {
                r#"<rect x="2.8" y="5" width="18.4" height="14" rx="2"/><path d="M3.5 7l8.5 6.2L20.5 7"/>"#
            }
            Self::Receipt => {
                r#"<path d="M5.5 2.8h13v18.4l-2.2-1.6-2.1 1.6-2.2-1.6-2.2 1.6-2.1-1.6-2.2 1.6z"/><path d="M9 8h6M9 12h6"/>"#
            }
            Self::NoReceipt => {
                r#"<path d="M5.5 8v13.2l2.2-1.6 2.1 1.6 2.2-1.6 2.2 1.6M8 2.8h10.5V16"/><path d="M3.5 3.5l17 17"/>"#
            }
            Self::Shop => {
                r#"<path d="M3.5 9.5L5 4h14l1.5 5.5a2.8 2.8 0 0 1-5.6 0 2.9 2.9 0 0 1-5.8 0 2.8 2.8 0 0 1-5.6 0z"/><path d="M5 12.5V20h14v-7.5M10 20v-4.5h4V20"/>"#
            }
            Self::Terminal => {
                r#"<rect x="5.5" y="2.8" width="13" height="18.4" rx="2"/><path d="M8.5 6h7v6h-7zM9 15.5v.1M12 15.5v.1M15 15.5v.1M9 18.3v.1M12 18.3v.1M15 18.3v.1"/>"#
            }
            Self::Person => r#"<circle cx="12" cy="8" r="4"/><path d="M4.5 20.5a7.5 7.5 0 0 1 15 0"/>"#,
            Self::Bank => {
                r#"<path d="M3.5 9.5L12 4l8.5 5.5zM5.5 10v7M10 10v7M14 10v7M18.5 10v7M3.5 20h17"/>"#
            }
            Self::Calendar => {
                r#"<rect x="3.5" y="5" width="17" height="15.5" rx="2"/><path d="M3.5 10h17M8 3v4M16 3v4M8 14v.1M12 14v.1M16 14v.1M8 17.2v.1M12 17.2v.1"/>"#
            }
            Self::Phone => {
                r#"<path d="M6 3h3l1.8 4.6L8.4 9.4a12 12 0 0 0 6.2 6.2l1.8-2.4L21 15v3a3 3 0 0 1-3 3A15 15 0 0 1 3 6a3 3 0 0 1 3-3z"/>"#
            }
            _ => return None,
        })
    }

    fn tool_paths(self) -> &'static str {
        match self {
            Self::Backspace => r#"<path d="M8.5 5h12v14h-12L2.8 12z"/><path d="M12 9.5l5 5M17 9.5l-5 5"/>"#,
            Self::Keypad => {
                r#"<path d="M6 6v.1M12 6v.1M18 6v.1M6 12v.1M12 12v.1M18 12v.1M6 18v.1M12 18v.1M18 18v.1" stroke-width="3.4"/>"#
            }
            Self::History => {
                r#"<path d="M3.5 12a8.5 8.5 0 1 0 2.6-6.1L3.5 8.2"/><path d="M3.5 3.5v4.7h4.7M12 7.5V12l3.2 2"/>"#
            }
            Self::Sum => r#"<path d="M18 6.5V4H6l6.5 8L6 20h12v-2.5"/>"#,
            Self::Settings => {
                r#"<path d="M4 7h9M17 7h3M4 17h3M11 17h9"/><circle cx="15" cy="7" r="2.2"/><circle cx="9" cy="17" r="2.2"/>"#
            }
            Self::Search => r#"<circle cx="10.5" cy="10.5" r="6.5"/><path d="M15.5 15.5L21 21"/>"#,
            Self::Sign => r#"<path d="M4 20l1-4L16 5l3 3L8 19z"/><path d="M13 20.5h7"/>"#,
            Self::Send => r#"<path d="M12 20V5"/><path d="M6 10.5L12 4.5l6 6"/>"#,
            Self::Answer => r#"<path d="M12 4v15"/><path d="M6 13.5l6 6 6-6"/>"#,
            Self::Clock => r#"<circle cx="12" cy="12" r="8.5"/><path d="M12 7v5l3.5 2"/>"#,
            Self::Lock => {
                r#"<rect x="5" y="10.5" width="14" height="10" rx="1.6"/><path d="M8 10.5V7.5a4 4 0 0 1 8 0v3M12 14.5v2.5"/>"#
            }
            Self::Copy => {
                r#"<rect x="8" y="8" width="12.5" height="12.5" rx="1.6"/><path d="M16 8V3.5H3.5V16H8"/>"#
            }
            Self::Eye => {
                r#"<path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12z"/><circle cx="12" cy="12" r="2.8"/>"#
            }
            Self::Menu => r#"<path d="M4 6.5h16M4 12h16M4 17.5h16"/>"#,
            Self::Next => r#"<path d="M9 5l7 7-7 7"/>"#,
            Self::Previous => r#"<path d="M15 5l-7 7 7 7"/>"#,
            Self::Exit => r#"<path d="M10 4H4.5v16H10M9.5 12H20M16 7.5l4.5 4.5-4.5 4.5"/>"#,
            Self::Training => {
                r#"<path d="M2 9.5l10-4.7 10 4.7-10 4.7z"/><path d="M6 11.7v5c3 2.4 9 2.4 12 0v-5M22 9.5v5.5"/>"#
            }
            Self::Home => r#"<path d="M3.5 11.5L12 4l8.5 7.5"/><path d="M6 10v10h12V10M10 20v-5.5h4V20"/>"#,
            Self::Network => {
                r#"<rect x="9" y="3" width="6" height="5" rx="1"/><rect x="3" y="16" width="6" height="5" rx="1"/><rect x="15" y="16" width="6" height="5" rx="1"/><path d="M12 8v4M6 16v-4h12v4"/>"#
            }
            _ => r#"<path d="M12 4v11M7 10.5l5 5 5-5M4.5 20h15"/>"#,
        }
    }
}

impl Render for Icon {
    fn render(&self) -> Markup {
        html! {
            svg viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="currentColor" stroke-width="2"
                stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false" {
                (PreEscaped(self.paths()))
            }
        }
    }
}

/// The mark of Choba: the lattice of the old counter with a vermilion seal.
pub fn mark() -> Markup {
    html! {
        svg.mark viewBox="0 0 32 32" width="28" height="28" aria-hidden="true" focusable="false" {
            rect x="0" y="0" width="32" height="32" rx="7" fill="#22407a" {}
            (PreEscaped(r##"<path d="M5 9.5h22M5 25.5h22" stroke="#fffdf8" stroke-width="2.6" stroke-linecap="round"/><path d="M8.5 10v15M13.5 10v15M18.5 10v15M23.5 10v15" stroke="#fffdf8" stroke-width="1.9"/><rect x="16.2" y="14.6" width="10.6" height="10.6" rx="2.6" fill="#d2452b" stroke="#22407a" stroke-width="2"/>"##))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pictogram_is_hidden_from_screen_readers_and_takes_the_text_colour() {
        let svg = Icon::Check.render().into_string();
        assert!(svg.contains("aria-hidden=\"true\""), "{svg}");
        assert!(svg.contains("stroke=\"currentColor\""), "{svg}");
        assert!(!svg.contains("style="), "{svg}");
    }
}
