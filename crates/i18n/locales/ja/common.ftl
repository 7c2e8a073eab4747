# Words that every room shares.
amount-yen = ¥{ $amount }
status-under-way = 処理中
status-in-doubt = 要確認
status-abandoned = 中止
status-sale = 売上
status-authorized = 与信
status-released = キャンセル(与信)
status-failed = 取引失敗
status-usen-due = 売上予定
status-usen-paid = 支払済み
status-usen-authorized = 与信
status-usen-undone = 決済失敗(与信済)
status-usen-refused = 決済不可
money-yes = 代金は引き落とされました
money-no = 代金は引き落とされていません
money-unknown = 引き落とされたかどうか確認中です
