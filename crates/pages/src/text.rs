//! The few sentences that the frame itself says. Everything else is the caller's, from the catalogue.

/// The frame's own words in one language.
pub(crate) struct Texts {
    pub(crate) skip: &'static str,
    pub(crate) up: &'static str,
    pub(crate) down: &'static str,
    pub(crate) lost: &'static str,
    pub(crate) press_failed: &'static str,
    pub(crate) press_lost: &'static str,
    pub(crate) training: &'static str,
    pub(crate) help: &'static str,
    pub(crate) other_language: &'static str,
    pub(crate) seconds_left: &'static str,
    pub(crate) clear: &'static str,
    pub(crate) back: &'static str,
    pub(crate) keys: &'static str,
    pub(crate) digits_in: &'static str,
    pub(crate) sign_here: &'static str,
    pub(crate) sign_empty: &'static str,
    pub(crate) show_password: &'static str,
    pub(crate) paper: &'static str,
    pub(crate) money_yes: &'static str,
    pub(crate) money_no: &'static str,
    pub(crate) money_unknown: &'static str,
    pub(crate) back_home: &'static str,
}

static JA: Texts = Texts {
    skip: "本文へ進む",
    up: "接続中",
    down: "センター未接続",
    lost: "通信できません",
    press_failed: "操作を受け付けられませんでした。画面の表示が現在の状態です。もう一度お試しください。",
    press_lost: "端末プログラムから応答がありません。つながると最新の状態を表示します。",
    training: "練習モード ― 実際のお支払いは行われません",
    help: "お困りのとき",
    other_language: "English",
    seconds_left: "残り秒数",
    clear: "金額をすべて消す",
    back: "1文字消す（長押しで全部消す）",
    keys: "数字キー",
    digits_in: "入力された桁数",
    sign_here: "ここに署名してください",
    sign_empty: "署名がまだありません。枠の中に書いてください。",
    show_password: "パスワードを表示",
    paper: "レシートの表示。印刷されるとおりです",
    money_yes: "代金をいただきました",
    money_no: "代金はいただいていません",
    money_unknown: "代金をいただいたか、まだ分かりません",
    back_home: "最初の画面へ",
};

static EN: Texts = Texts {
    skip: "Skip to content",
    up: "Online",
    down: "Center offline",
    lost: "No connection",
    press_failed: "That was not accepted. The screen shows the true state; please try again.",
    press_lost: "The program does not answer. The true state appears as soon as it is back.",
    training: "Training mode – no money moves",
    help: "Need help?",
    other_language: "日本語",
    seconds_left: "Seconds left",
    clear: "Clear the amount",
    back: "Delete one digit (hold to clear all)",
    keys: "Digit keys",
    digits_in: "Digits entered",
    sign_here: "Please sign here",
    sign_empty: "There is no signature yet. Please sign inside the frame.",
    show_password: "Show password",
    paper: "The receipt, exactly as printed",
    money_yes: "The money was taken",
    money_no: "No money was taken",
    money_unknown: "It is not known yet whether money was taken",
    back_home: "Back to the start",
};

/// The frame's words for an HTML language code; anything but `en…` is Japanese.
pub(crate) fn texts(lang: &str) -> &'static Texts {
    if lang.starts_with("en") { &EN } else { &JA }
}
