"""The page of `samples::fortnight` by reportlab for five seconds; prints how many, microseconds of processor time, bytes.

The font is parsed once, as ours is; every document embeds its own subset.
"""

import io
import sys
import time

from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.pdfgen import canvas

FONT = "BIZ"
HIGH = 297 * mm
pdfmetrics.registerFont(TTFont(FONT, sys.argv[1]))

HEAD = ["区分", "取扱期間", "件数", "売上金額", "料率", "決済手数料", "差引金額"]
ROWS = [
    ["VISA/MASTER", "2019/10/01～10/15", "12(-1)", "14,140", "3.24%", "458", "13,682"],
    ["JCB・その他", "2019/10/01～10/15", "1", "2,000", "3.24%", "64", "1,936"],
    ["VISA/MASTER *1", "2019/09/16～09/30", "1", "-4,000", "3.24%", "-129", "-3,871"],
    ["小計", "", "14(-1)", "12,140", "", "393", "11,747"],
]
AT = [18, 55, 106, 129, 144, 167, 192]
TOTALS = [
    ("差引金額の小計", "11,747"),
    ("手数料に係る消費税等（10%）", "-7"),
    ("前期末精算金額", "-7,126"),
    ("振込手数料", "-180"),
    ("振込手数料に係る消費税等", "-18"),
    ("差引お振込金額", "4,416"),
]
INVOICE = [
    ("内訳", "対象額（税抜）", "消費税額等"),
    ("10%対象", "257", "25"),
    ("非課税", "316", "―"),
    ("返還　8%対象　2019/09/16～09/30", "-25", "-2"),
]
BANK = [
    ("金融機関", "みずほ見本銀行", "支店", "本店営業部"),
    ("種別", "普通", "口座番号", "***567"),
    ("口座名義", "ｶ)ﾁﾖｳﾊﾞﾃｽﾄｼﾖｳﾃﾝ", "お振込予定日", "2019年10月31日"),
]
NOTES = [
    "*1　すでにお支払いした取引の取消・変更分を差し引いています。カード会社と直接ご契約の取引は含みません。",
    "・本書のファイルを開く9桁の番号は、別途お送りする書面に記載しています。",
    "・ご入金を確認できない場合は、お取引の金融機関へお問い合わせください。",
    "・カード会社と直接ご契約の取引については、各カード会社へお問い合わせください。",
]


class Page:
    def __init__(self, out):
        self.canvas = canvas.Canvas(out, pagesize=(210 * mm, HIGH), lang="ja", pageCompression=1)
        self.canvas.setTitle("支払通知書 270212122-001-20191031")

    def put(self, x, y, size, text, right=False):
        self.canvas.setFont(FONT, size)
        draw = self.canvas.drawRightString if right else self.canvas.drawString
        draw(x * mm, HIGH - y * mm, text)

    def rule(self, left, right, y):
        self.canvas.setLineWidth(0.25)
        self.canvas.line(left * mm, HIGH - y * mm, right * mm, HIGH - y * mm)


def head(page):
    page.put(18, 24.5, 16, "支払通知書")
    page.put(192, 20, 9, "発行日　2019年10月29日", True)
    page.put(192, 25, 9, "通知番号　270212122-001-20191031", True)
    page.rule(18, 192, 28)
    page.put(18, 38, 12, "株式会社帳場テスト商店　御中")
    page.put(18, 45, 10, "ご担当　山田 太郎　様")
    for at, text in enumerate([
        "帳場ペイメント株式会社", "〒100-0001 東京都千代田区1-1", "帳場ビル 3階", "電話　03-0000-0000",
        "登録番号　T1234567890123",
    ]):
        page.put(120, 38 + 4.3 * at, 8, text)
    page.put(18, 65, 9, "下記のとおりお支払いを予定しておりますので、ご通知申し上げます。記載の金額はお振込みの予定額です。")
    page.put(18, 75, 10, "お振込予定金額")
    page.put(96, 75, 14, "¥4,416", True)
    page.put(104, 75, 10, "お振込予定日　2019年10月31日")
    page.rule(18, 96, 77)


def document():
    out = io.BytesIO()
    page = Page(out)
    head(page)
    y = 85
    page.put(18, y, 10, "お支払明細")
    for row in [HEAD, *ROWS]:
        y += 6.7
        for at, (x, text) in enumerate(zip(AT, row)):
            page.put(x, y, 9, text, at > 1)
        page.rule(18, 192, y + 2)
    y += 5
    for label, amount in TOTALS:
        y += 6.7
        page.put(98, y, 9, label)
        page.put(192, y, 9, amount, True)
        page.rule(98, 192, y + 2)
    y += 12
    page.put(18, y, 10, "手数料の消費税等の内訳")
    for row in INVOICE:
        y += 6.7
        for at, (x, text) in enumerate(zip([18, 150, 192], row)):
            page.put(x, y, 9, text, at > 0)
        page.rule(18, 192, y + 2)
    y += 7
    page.put(18, y, 8, "本書の記載内容について、受領後7日以内に誤りのご連絡がない場合は、ご確認いただいたものといたします。")
    y += 10
    page.put(18, y, 10, "お振込先")
    for row in BANK:
        y += 6.7
        for x, text in zip([18, 41, 108, 133], row):
            page.put(x, y, 9, text)
        page.rule(18, 192, y + 2)
    y += 7
    page.put(18, y, 8, "お振込みの時刻はご指定いただけません。")
    y += 2
    for text in NOTES:
        y += 4.3
        page.put(18, y, 8, text)
    page.put(18, 285, 7.5, "通知番号 270212122-001-20191031")
    page.put(192, 285, 7.5, "1/1", True)
    page.canvas.save()
    return out.getvalue()


size = len(document())
if len(sys.argv) > 2:
    with open(sys.argv[2], "wb") as file:
        file.write(document())
begin, spent = time.perf_counter(), time.process_time()
made = 0
while time.perf_counter() - begin < 5:
    document()
    made += 1
print(made, int((time.process_time() - spent) * 1_000_000), size)
