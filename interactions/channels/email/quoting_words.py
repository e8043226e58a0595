"""How mail programs of many languages introduce what they quote, in words. Facts about mail, as tables."""

import re
from typing import Final


def _any(*words: str) -> str:
    return "|".join(sorted(words, key=len, reverse=True))


# "On <day>, <somebody> wrote:" begins so ...
OPENINGS: Final = re.compile(
    rf"(?:{_any('On', 'Am', 'Le', 'El', 'Il', 'Op', 'Den', 'Em', 'W dniu', 'Dnia', 'Dne', 'Pe', 'În', 'Na', 'Le jeu.')}"
    rf"|{_any('El día', 'Il giorno', 'Op datum', 'Den lör', 'Kl', 'A', 'Pada', 'Vào', 'Στις', 'В', 'ב')})[\s,]"
    r"|[在于於]",
)
# ... and says so that somebody wrote.
VERBS: Final = re.compile(
    _any(
        *("wrote", "writes", "schrieb", "geschrieben", "a écrit", "écrivait", "escribió", "escribio", "ha escrit"),
        *("ha scritto", "scrisse", "schreef", "geschreven", "skrev", "escreveu", "napisał", "pisze", "napsal"),
        *("написал", "пишет", "пише", "написав", "писал", "yazdı", "şunları yazdı", "írta", "a scris", "kirjoitti"),
        *(
            "έγραψε",
            "כתב",
            "写道",
            "寫道",
            "写到",
            "のメール",
            "書きました",
            "님이 작성",
            "đã viết",
            "menulis",
            "je napisao",
        ),
        *("пользователь", "rašė", "kirjutas", "rakstīja", "napísal"),
    ),
    re.IGNORECASE,
)
# The names that headers have where they are repeated in the text.
KEYS_WHO: Final = frozenset(
    {
        *("from", "von", "de", "da", "van", "från", "fra", "od", "от", "від", "kimden", "feladó", "lähettäjä", "από"),
        *("发件人", "寄件者", "差出人", "보낸 사람", "remitente", "expéditeur", "absender", "afzender", "mittente"),
    }
)
KEYS_OTHER: Final = frozenset(
    {
        *("sent", "date", "gesendet", "datum", "envoyé", "enviado", "enviada em", "inviato", "verzonden", "skickat"),
        *("sendt", "dato", "data", "fecha", "wysłano", "odesláno", "отправлено", "дата", "gönderildi", "tarih"),
        *("发送时间", "日期", "寄件日期", "送信日時", "날짜", "送信", "sendt den", "envoyé le", "date d'envoi"),
        *(
            "to",
            "an",
            "à",
            "a",
            "para",
            "aan",
            "till",
            "til",
            "do",
            "komu",
            "кому",
            "kime",
            "收件人",
            "宛先",
            "받는 사람",
        ),
        *("cc", "kopie", "copie", "cópia", "dw", "bcc", "kopia", "копия", "bilgi", "抄送", "副本"),
        *("subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "temat"),
        *(
            "předmět",
            "тема",
            "konu",
            "主题",
            "主旨",
            "件名",
            "제목",
            "risposta",
            "reply-to",
            "antwort an",
            "répondre à",
        ),
        *("importance", "priority", "organization", "attachments", "anlagen", "pièces jointes", "reply to"),
    }
)
KEY: Final = re.compile(r"[\s>*_]{0,6}([^\W\d_][^:：\n]{0,24}?)\s?[*_]{0,2}[:：]")
# "-----Original Message-----", "Begin forwarded message:".
FORWARDED: Final = re.compile(
    _any(
        *("begin forwarded message", "anfang der weitergeleiteten", "début du message", "inicio del mensaje"),
        *("inizio messaggio inoltrato", "begin doorgestuurd bericht", "início da mensagem", "forwarded message"),
        *("forwarded by", "original message", "original-nachricht", "originalnachricht", "weitergeleitete nachricht"),
        *("ursprüngliche nachricht", "mensaje original", "mensaje reenviado", "message d'origine", "message transféré"),
        *("messaggio originale", "messaggio inoltrato", "oorspronkelijk bericht", "mensagem original"),
        *("mensagem encaminhada", "ursprungligt meddelande", "opprinnelig melding", "oprindelig meddelelse"),
        *("wiadomość oryginalna", "původní zpráva", "исходное сообщение", "оригинальное сообщение"),
        *("пересланное сообщение", "özgün ileti", "原始邮件", "原始郵件", "转发邮件", "元のメッセージ", "원본 메시지"),
        *("missatge original", "original appointment", "reply message", "original mail"),
    ),
    re.IGNORECASE,
)
# A machine's own signature.
SENT_FROM: Final = re.compile(
    r"[\s<(*_\[]{0,6}(?:"
    + _any(
        *(
            r"sent (?:from|via|with|by|using|on)\b",
            r"(?:\S+ )?from (?:my |a )?(?:mobile|iphone|ipad|android|phone|cell)",
        ),
        *(r"get \[?outlook\b", r"envoy[ée] (?:depuis|de|à partir|avec)\b", r"von meinem? .{2,60}gesendet"),
        *(
            r"gesendet (?:von|mit|aus|über)\b",
            r"diese nachricht wurde von .{2,80}gesendet",
            r"verzonden (?:met|vanaf|van)\b",
        ),
        *(r"enviado (?:desde|do|de|por|a partir)\b", r"inviato (?:da|dal|con)\b", r"skickat från\b", r"sendt fra\b"),
        *(
            r"wys[łl]ane? z\b",
            r"odesláno z\b",
            r"отправлено (?:с|из)\b",
            r"надіслано з\b",
            r"lähetetty\b",
            r"elküldve\b",
        ),
        *(r"從我的", r"从我的", r"发自", r"傳送自", r"発信元", r"내 .{2,30}에서 보냄", r"iphoneから送信"),
        *(
            r"télécharge[rz]? outlook",
            r"outlook für (?:ios|android) (?:beziehen|herunterladen)",
            r"obtener outlook para",
        ),
        *(r"excuse (?:any|my) typos", r"enviat des de"),
    )
    + r")",
    re.IGNORECASE,
)
