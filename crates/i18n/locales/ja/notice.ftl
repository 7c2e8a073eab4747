# The texts of the room: payment notices. Amounts never stand in a mail.
notice-group-visa-master = VISA/MASTER
notice-group-jcb-other = JCB・その他
notice-group-unionpay = 銀聯
notice-group-emoney = 電子マネー
notice-mail-subject = 【{ $issuer }】支払通知書のお知らせ（{ $day }精算分）
notice-mail-company = { $company } 御中
notice-mail-contact = ご担当 { $contact } 様
notice-mail-opening = いつもお世話になっております。{ $issuer }です。
notice-mail-announce = { $day }精算分の支払通知書（通知番号 { $number }）をお送りします。添付のファイルをご確認ください。
notice-mail-again = このメールは、ご依頼をいただき同じ通知書をあらためてお送りするものです。
notice-mail-password = 添付のファイルは、別途書面でお知らせしている9桁の番号で開けます。
notice-mail-questions = 内容や番号についてご不明な点がございましたら、お手数ですが下記までお問い合わせください。
