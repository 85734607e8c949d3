"""What one can do at each level, as it ships: titles, practice hints, plain descriptions."""

from django.db import migrations
from django.utils import timezone

# level → its description in Japanese and English, and its competencies:
# code, required, title (ja, en), hint (ja, en), description (ja, en)
LADDER = {
    "first-steps": (
        "電源を入れ、電話とメッセージを使えるようになります。",
        "Switch the phone on, call, and read messages.",
        [
            (
                "unlock",
                True,
                ("電源を入れ、ロックを開ける", "Turn the phone on and unlock it"),
                ("電源とロック解除", "turning it on, unlocking"),
                (
                    "横のボタンで電源を入れ、ご自分の方法でロックを開けます。",
                    "Press the side button and unlock it your own way.",
                ),
            ),
            (
                "volume-and-text-size",
                True,
                ("音量と文字の大きさを変える", "Change the volume and the text size"),
                ("文字の大きさ", "text size and volume"),
                (
                    "聞きやすい音量、読みやすい文字の大きさにします。",
                    "Make it as loud and as large as suits you.",
                ),
            ),
            (
                "tap-and-scroll",
                True,
                ("タップとスクロールを使い分ける", "Tap and scroll"),
                ("タップの練習", "tapping and scrolling"),
                (
                    "押すときは軽く一度、動かすときは指を滑らせます。",
                    "Touch once lightly to choose; slide your finger to move the page.",
                ),
            ),
            (
                "return-home",
                True,
                ("困ったらホーム画面に戻る", "Return to the home screen when stuck"),
                ("ホームに戻る", "returning home"),
                (
                    "分からなくなったら、いつでも最初の画面に戻れます。",
                    "Whatever happens, you can always go back to the first screen.",
                ),
            ),
            (
                "call",
                True,
                ("電話をかけ、受け、切る", "Call, answer and hang up"),
                ("電話をかける", "making a call"),
                (
                    "電話帳や番号から電話をかけ、受け、切ります。",
                    "Call from the contacts or by number, answer, hang up.",
                ),
            ),
            (
                "read-sms",
                True,
                ("届いたSMSを開いて読む", "Open and read an SMS"),
                ("SMSを読む", "reading an SMS"),
                (
                    "届いた短いメッセージを開いて読みます。",
                    "Open a short message that arrived and read it.",
                ),
            ),
            (
                "type-or-dictate",
                True,
                ("文字か声で短い言葉を入れる", "Type or dictate a few words"),
                ("声で文字を入れる", "typing by voice"),
                (
                    "打っても、話しても、短い言葉を入れられます。",
                    "Enter a few words by typing or by speaking.",
                ),
            ),
            (
                "photo",
                False,
                ("写真を撮って見返す", "Take a photo and look at it again"),
                ("写真を撮る", "taking a photo"),
                ("写真を撮り、あとで開いて見ます。", "Take a photo and find it again later."),
            ),
            (
                "wifi",
                False,
                ("Wi-Fiにつなぐ", "Join a Wi-Fi network"),
                ("Wi-Fiの接続", "joining Wi-Fi"),
                (
                    "ご自宅や会館のWi-Fiを選び、つなぎます。",
                    "Choose the Wi-Fi at home or in the hall and join it.",
                ),
            ),
        ],
    ),
    "news": (
        "ニュースや天気を自分で見て、調べものができるようになります。",
        "Read the news and the weather, and look things up.",
        [
            (
                "open-news",
                True,
                ("ニュースを開く", "Open the news"),
                ("ニュースを開く", "opening the news"),
                (
                    "ニュースのアプリやページを開きます。",
                    "Open the news app or a page with the news.",
                ),
            ),
            (
                "finish-article",
                True,
                ("記事を一つ選び最後まで読む", "Choose an article and read it to the end"),
                ("記事を一つ読む", "reading one article"),
                (
                    "気になる記事を選び、下まで読み進めます。",
                    "Pick an article you like and read on to its end.",
                ),
            ),
            (
                "zoom",
                True,
                ("画面を拡大して読む", "Enlarge the page to read it"),
                ("画面を拡大する", "enlarging the page"),
                (
                    "二本の指を広げて、文字を大きくします。",
                    "Spread two fingers to make the letters larger.",
                ),
            ),
            (
                "search",
                True,
                ("言葉か声で検索する", "Search by words or voice"),
                ("声で検索する", "searching by voice"),
                (
                    "知りたいことを打つか話して調べます。",
                    "Type or say what you want to know.",
                ),
            ),
            (
                "close-ads",
                True,
                ("広告を見分けて閉じる", "Spot advertisements and close them"),
                ("広告を閉じる", "closing advertisements"),
                (
                    "記事と広告を見分け、広告を閉じます。",
                    "Tell an article from an advertisement and close the latter.",
                ),
            ),
            (
                "close-fake-warning",
                True,
                (
                    "偽の警告が出ても電話せず閉じる",
                    "Close a fake warning without calling the number",
                ),
                ("偽の警告を閉じる", "closing fake warnings"),
                (
                    "「ウイルス感染」などの偽の警告は、電話をせずに閉じます。",
                    "When a page says “virus found”, close it. Do not call the number.",
                ),
            ),
            (
                "check-source",
                True,
                ("発信元と日付を確かめる", "Check the source and the date"),
                ("発信元を確かめる", "checking the source"),
                (
                    "誰が、いつ書いた記事かを確かめます。",
                    "See who wrote it, and when.",
                ),
            ),
            (
                "disaster-page",
                False,
                ("市の防災情報を開く", "Open the city’s disaster page"),
                ("防災情報を開く", "the disaster page"),
                (
                    "市の防災情報のページを開きます。",
                    "Open the city’s page for emergencies.",
                ),
            ),
            (
                "open-qr",
                False,
                ("QRコードでページを開く", "Open a page by its QR code"),
                ("QRを読み取る", "reading a QR code"),
                (
                    "カメラをQRコードに向け、ページを開きます。",
                    "Point the camera at a QR code and open the page.",
                ),
            ),
        ],
    ),
    "accounts": (
        "アプリを入れ、会員登録とパスワードの管理ができるようになります。",
        "Install apps, sign up, and look after passwords.",
        [
            (
                "install-app",
                True,
                ("公式ストアからアプリを入れる", "Install an app from the official store"),
                ("アプリを入れる", "installing an app"),
                (
                    "公式ストアだけから、アプリを探して入れます。",
                    "Find an app in the official store, and only there, and install it.",
                ),
            ),
            (
                "strong-password",
                True,
                ("推測されにくいパスワードを作る", "Make a password nobody can guess"),
                ("パスワード作り", "making passwords"),
                (
                    "誕生日や名前を使わず、長いパスワードを作ります。",
                    "Make a long one, without birthdays or names.",
                ),
            ),
            (
                "note-password",
                True,
                ("決めた場所に控え、見つけ出す", "Note it in one place and find it again"),
                ("控えを見つける", "finding your notes"),
                (
                    "控える場所を一つ決め、必要なときに見つけます。",
                    "Choose one place for your notes and find them when needed.",
                ),
            ),
            (
                "practice-sign-up",
                True,
                ("練習用の会員登録を終える", "Finish a practice sign-up"),
                ("会員登録の練習", "signing up"),
                (
                    "練習用の画面で、会員登録を最後まで終えます。",
                    "Sign up on the practice page, to the end.",
                ),
            ),
            (
                "enter-code",
                True,
                ("届いた認証コードを入れる", "Enter a code that was sent"),
                ("認証コードの入力", "entering a code"),
                (
                    "SMSで届いた数字を、登録の画面に入れます。",
                    "Enter the digits that came by SMS into the page you sign up on.",
                ),
            ),
            (
                "never-tell-code",
                True,
                ("認証コードを聞かれても教えない", "Never tell anybody the code"),
                ("コードは教えない", "keeping codes secret"),
                (
                    "電話やメッセージで聞かれても、数字は教えません。",
                    "Nobody who calls or writes needs to know it: do not tell.",
                ),
            ),
            (
                "sign-in-again",
                True,
                ("ログアウトし、入り直す", "Sign out and in again"),
                ("入り直す練習", "signing in again"),
                (
                    "一度ログアウトし、控えを見て入り直します。",
                    "Sign out, then sign in again with your notes.",
                ),
            ),
            (
                "delete-fake-sms",
                True,
                ("偽のSMSを見分け、開かず消す", "Spot a fake SMS and delete it unopened"),
                ("偽のSMSを消す", "deleting fake SMS"),
                (
                    "宅配や銀行を名乗る偽のSMSは、リンクを押さずに消します。",
                    "An SMS that poses as a parcel service or a bank is deleted, its link untouched.",
                ),
            ),
            (
                "reset-password",
                False,
                ("パスワードを再設定する", "Reset a password"),
                ("再設定の練習", "resetting a password"),
                (
                    "忘れたときに、新しいパスワードを作り直します。",
                    "Make a new one when you have forgotten it.",
                ),
            ),
        ],
    ),
    "payments": (
        "スマホでの支払いを、安全に使えるようになります。",
        "Pay with the phone, safely.",
        [
            (
                "scam-drill",
                True,
                (
                    "「払わない・教えない・相談する」を選ぶ",
                    "Choose: do not pay, do not tell, ask somebody",
                ),
                ("まず相談する", "asking somebody first"),
                (
                    "怪しい請求には、払わず、教えず、まず相談します。",
                    "When a bill looks odd: do not pay, do not tell, ask somebody first.",
                ),
            ),
            (
                "lock-payment-app",
                True,
                ("決済アプリに画面ロックをかける", "Lock the payment app"),
                ("アプリのロック", "locking the app"),
                (
                    "決済アプリが、ご本人にしか開けないようにします。",
                    "See that nobody but you can open it.",
                ),
            ),
            (
                "top-up",
                True,
                ("少額を入れ、残高を見る", "Top up a little and see the balance"),
                ("残高を見る", "looking at the balance"),
                (
                    "少しの金額を入れ、残高を確かめます。",
                    "Put in a small amount and look at the balance.",
                ),
            ),
            (
                "scan-and-pay",
                True,
                (
                    "店のQRを読み、金額を確かめて払う",
                    "Scan the shop’s code, check the amount, pay",
                ),
                ("QRで払う練習", "paying by QR code"),
                (
                    "店のQRコードを読み、金額を確かめてから払います。",
                    "Scan the shop’s QR code, check the amount, then pay.",
                ),
            ),
            (
                "show-own-code",
                True,
                ("自分のコードを見せて払う", "Pay by showing your own code"),
                ("コードを見せる", "showing your code"),
                (
                    "ご自分のコードを出し、店の人に読み取ってもらいます。",
                    "Bring up your own code and let the shop scan it.",
                ),
            ),
            (
                "check-history",
                True,
                ("履歴で支払いを確かめる", "Check the payment in the history"),
                ("履歴を確かめる", "checking the history"),
                (
                    "いつ、どこで、いくら払ったかを履歴で見ます。",
                    "See in the history when, where and how much you paid.",
                ),
            ),
            (
                "lost-phone-contact",
                True,
                ("紛失時の連絡先を言う", "Say whom to ring if it is lost"),
                ("紛失時の連絡先", "whom to ring if lost"),
                (
                    "なくしたときに、どこへ電話するかを言えます。",
                    "Know whom to ring when the phone is gone.",
                ),
            ),
            (
                "set-limit",
                False,
                ("利用上限を決める", "Set a spending limit"),
                ("利用上限を決める", "setting a limit"),
                (
                    "一日や一か月に使える金額を決めます。",
                    "Decide how much may be spent in a day or a month.",
                ),
            ),
        ],
    ),
    "procedures": (
        "市の手続きを、スマホでできるようになります。",
        "Do the city’s procedures on the phone.",
        [
            (
                "find-city-site",
                True,
                ("市の公式ページを探し、確かめる", "Find the city’s site and verify it"),
                ("公式ページを探す", "finding the city’s site"),
                (
                    "市の公式ページを探し、本物かどうか確かめます。",
                    "Find the city’s own page and see that it is the real one.",
                ),
            ),
            (
                "practice-form",
                True,
                (
                    "練習用の申請を入力し、送る前に見直す",
                    "Fill in a practice form and review it before sending",
                ),
                ("申請の練習", "filling in a form"),
                (
                    "練習用の申請に入力し、送る前に見直します。",
                    "Fill in the practice form and read it again before sending.",
                ),
            ),
            (
                "keep-receipt",
                True,
                ("完了画面と受付番号を残す", "Keep the last page and the receipt number"),
                ("受付番号を残す", "keeping the receipt"),
                (
                    "完了の画面を撮るか、受付番号を控えます。",
                    "Take a picture of the last page or note the receipt number.",
                ),
            ),
            (
                "two-pins",
                True,
                (
                    "暗証番号2種を区別し、人に見せない",
                    "Tell the two PINs apart and let nobody see them",
                ),
                ("暗証番号の区別", "the two PINs"),
                (
                    "4桁と、6桁以上の暗証番号を使い分けます。番号は職員にも見せません。",
                    "One has four digits, the other six or more characters. Show them to nobody, staff included.",
                ),
            ),
            (
                "scan-card",
                True,
                ("カードをスマホで読み取る", "Read the card with the phone"),
                ("カードの読み取り", "reading the card"),
                (
                    "マイナンバーカードをスマホに当てて読み取ります。",
                    "Hold the My Number card to the phone until it is read.",
                ),
            ),
            (
                "own-record",
                True,
                (
                    "マイナポータルで自分の情報を一つ見る",
                    "View one record of your own on Mynaportal",
                ),
                ("自分の情報を見る", "viewing your record"),
                (
                    "マイナポータルに入り、ご自分の情報を一つ見ます。",
                    "Sign in to Mynaportal and look at one record of your own.",
                ),
            ),
            (
                "reserve-book",
                False,
                ("図書館の本を予約する", "Reserve a library book"),
                ("本の予約", "reserving a book"),
                ("図書館のページで本を予約します。", "Reserve a book on the library’s page."),
            ),
            (
                "book-check-up",
                False,
                ("病院や健診を予約する", "Book a doctor’s visit or a check-up"),
                ("健診の予約", "booking a check-up"),
                (
                    "病院や健診の予約をスマホで取ります。",
                    "Book a visit or a check-up on the phone.",
                ),
            ),
        ],
    ),
}
# Whoever opens fake messages is not ready to pay by phone.
WARNS_BEFORE = {"delete-fake-sms": "payments"}


def ship(apps, schema_editor):
    SkillLevel = apps.get_model("skill_levels", "SkillLevel")
    Competency = apps.get_model("skill_levels", "Competency")
    CompetencyVersion = apps.get_model("skill_levels", "CompetencyVersion")
    now = timezone.now()
    levels = {level.code: level for level in SkillLevel.objects.all()}
    for level_code, (about_ja, about_en, competencies) in LADDER.items():
        level = levels[level_code]
        # Nobody has been placed by this wording with its description missing: fill it in.
        level.versions.filter(description_ja="", description_en="").update(
            description_ja=about_ja, description_en=about_en
        )
        for number, (code, is_required, title, hint, about) in enumerate(competencies, start=1):
            competency = Competency.objects.create(level=level, code=code, number=number)
            warned = WARNS_BEFORE.get(code)
            competency.current = CompetencyVersion.objects.create(
                competency=competency,
                version=1,
                title_ja=title[0],
                title_en=title[1],
                description_ja=about[0],
                description_en=about[1],
                is_required=is_required,
                hint_ja=hint[0],
                hint_en=hint[1],
                warns_before=levels[warned] if warned else None,
                made_at=now,
            )
            competency.save()


class Migration(migrations.Migration):
    dependencies = [("skill_levels", "0003_competencies_and_assessments")]
    operations = [migrations.RunPython(ship, migrations.RunPython.noop)]
