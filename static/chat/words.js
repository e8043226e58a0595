// What the widget says, by language. A host may add a language or other words; what is missing is English.

export const WORDS = {
  en: {
    open: "Open the chat",
    openUnread: "Open the chat, {n} unread",
    close: "Close the chat",
    more: "More",
    soundOn: "Turn sound on",
    soundOff: "Turn sound off",
    end: "End chat",
    endQuestion: "End this chat?",
    endExplained: "You can start a new one at any time.",
    endNo: "Keep chatting",
    ended: "The chat has ended",
    again: "Start a new chat",
    online: "We are here",
    away: "We are away",
    awayNow: "We are away right now",
    backAt: "Back {when}",
    backToday: "today at {time}",
    backTomorrow: "tomorrow at {time}",
    backOn: "on {day} at {time}",
    hello: "Hello. How can we help?",
    conversation: "Conversation",
    write: "Write a message",
    send: "Send",
    attach: "Attach a file",
    emoji: "Add an emoji",
    drop: "Drop files to attach them",
    remove: "Remove {name}",
    cancel: "Cancel the upload of {name}",
    uploading: "{name}, {percent} %",
    tooBig: "{name} is larger than {size}.",
    wrongType: "Files like {name} cannot be sent here.",
    tooMany: "At most {n} files in one message.",
    uploadFailed: "{name} could not be uploaded.",
    you: "You",
    automatic: "automatic",
    today: "Today",
    yesterday: "Yesterday",
    sending: "Sending…",
    sent: "Sent",
    read: "Read",
    lost: "Waits for the connection",
    failed: "Not sent",
    retry: "Try again",
    discard: "Delete",
    newMessages: "New messages",
    typing: "{name} is writing",
    someone: "Somebody",
    position: "You are number {n} in line.",
    next: "You are next in line.",
    waiting: "Somebody will be with you soon.",
    noConnection: "No connection. Your messages are kept and sent when it is back.",
    emailQuestion: "You need not wait here",
    emailExplained: "Leave your e-mail and close the window: we answer there.",
    emailKnown: "You may close the window: the answer comes to {email} too.",
    byEmail: "Get answers by e-mail",
    change: "Change",
    email: "E-mail",
    save: "Save",
    name: "Your name",
    message: "Your message",
    optional: "optional",
    choose: "Please choose",
    begin: "Start chat",
    before: "Before we start",
    awayExplained: "Leave a message, and we answer by e-mail.",
    leave: "Leave a message",
    leaveSend: "Send message",
    thanks: "Thank you, we have your message",
    thanksExplained: "We answer by e-mail to {email}.",
    another: "Write another message",
    required: "Please fill this in.",
    badEmail: "Please check this address.",
    wentWrong: "That did not work. Please try again.",
    linkOver: "This link was used already or has expired. You can write to us here.",
    picture: "Picture {name}",
    newTab: "opens in a new tab",
    dismiss: "Dismiss",
  },
  de: {
    open: "Chat öffnen",
    openUnread: "Chat öffnen, {n} ungelesen",
    close: "Chat schließen",
    more: "Mehr",
    soundOn: "Ton einschalten",
    soundOff: "Ton ausschalten",
    end: "Chat beenden",
    endQuestion: "Diesen Chat beenden?",
    endExplained: "Sie können jederzeit einen neuen beginnen.",
    endNo: "Weiter chatten",
    ended: "Der Chat ist beendet",
    again: "Neuen Chat beginnen",
    online: "Wir sind da",
    away: "Wir sind gerade nicht da",
    awayNow: "Wir sind gerade nicht da",
    backAt: "Wieder da: {when}",
    backToday: "heute um {time}",
    backTomorrow: "morgen um {time}",
    backOn: "am {day} um {time}",
    hello: "Hallo. Wie können wir helfen?",
    conversation: "Gespräch",
    write: "Nachricht schreiben",
    send: "Senden",
    attach: "Datei anhängen",
    emoji: "Emoji einfügen",
    drop: "Dateien zum Anhängen hier ablegen",
    remove: "{name} entfernen",
    cancel: "Hochladen von {name} abbrechen",
    uploading: "{name}, {percent} %",
    tooBig: "{name} ist größer als {size}.",
    wrongType: "Dateien wie {name} können hier nicht gesendet werden.",
    tooMany: "Höchstens {n} Dateien in einer Nachricht.",
    uploadFailed: "{name} konnte nicht hochgeladen werden.",
    you: "Sie",
    automatic: "automatisch",
    today: "Heute",
    yesterday: "Gestern",
    sending: "Wird gesendet…",
    sent: "Gesendet",
    read: "Gelesen",
    lost: "Wartet auf die Verbindung",
    failed: "Nicht gesendet",
    retry: "Noch einmal",
    discard: "Löschen",
    newMessages: "Neue Nachrichten",
    typing: "{name} schreibt",
    someone: "Jemand",
    position: "Sie sind an {n}. Stelle.",
    next: "Sie sind als Nächstes dran.",
    waiting: "Gleich ist jemand für Sie da.",
    noConnection: "Keine Verbindung. Ihre Nachrichten werden gesendet, sobald sie wieder da ist.",
    emailQuestion: "Sie müssen nicht hier warten",
    emailExplained: "Hinterlassen Sie Ihre E-Mail-Adresse und schließen Sie das Fenster: Wir antworten dort.",
    emailKnown: "Sie können das Fenster schließen: Die Antwort kommt auch an {email}.",
    byEmail: "Antworten per E-Mail",
    change: "Ändern",
    email: "E-Mail",
    save: "Speichern",
    name: "Ihr Name",
    message: "Ihre Nachricht",
    optional: "freiwillig",
    choose: "Bitte wählen",
    begin: "Chat beginnen",
    before: "Bevor es losgeht",
    awayExplained: "Hinterlassen Sie eine Nachricht, wir antworten per E-Mail.",
    leave: "Nachricht hinterlassen",
    leaveSend: "Nachricht senden",
    thanks: "Danke, Ihre Nachricht ist da",
    thanksExplained: "Wir antworten per E-Mail an {email}.",
    another: "Noch eine Nachricht schreiben",
    required: "Bitte ausfüllen.",
    badEmail: "Bitte prüfen Sie diese Adresse.",
    wentWrong: "Das hat nicht geklappt. Bitte versuchen Sie es noch einmal.",
    linkOver: "Dieser Link wurde schon benutzt oder ist abgelaufen. Sie können uns hier schreiben.",
    picture: "Bild {name}",
    newTab: "öffnet sich in einem neuen Tab",
    dismiss: "Ausblenden",
  },
};

const RIGHT_TO_LEFT = new Set(["ar", "arc", "ckb", "dv", "fa", "he", "ku", "ps", "sd", "ug", "ur", "yi"]);
const DAY = 86_400_000;

export class Wording {
  /** The first of the languages that there are words in; `more` are words of the host's own in the first, by key. */
  constructor(languages, more = null) {
    const wished = languages.filter(valid);
    const known = more ? wished[0] : wished.find((language) => WORDS[base(language)]);
    this.language = known ?? "en";
    this.direction = RIGHT_TO_LEFT.has(base(this.language)) ? "rtl" : "ltr";
    this.words = { ...WORDS.en, ...WORDS[base(this.language)], ...more };
  }

  say(key, given = {}) {
    return String(this.words[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => given[name] ?? whole);
  }

  time(at) {
    return new Intl.DateTimeFormat(this.language, { hour: "numeric", minute: "2-digit" }).format(new Date(at));
  }

  day(at) {
    const days = daysAgo(at);
    if (days === 0) return this.say("today");
    if (days === 1) return this.say("yesterday");
    const isThisYear = new Date(at).getFullYear() === new Date().getFullYear();
    const shape = { weekday: "long", day: "numeric", month: "long", year: isThisYear ? undefined : "numeric" };
    return new Intl.DateTimeFormat(this.language, shape).format(new Date(at));
  }

  /** When somebody is there again. */
  back(at) {
    if (!at) return this.say("away");
    const days = -daysAgo(at);
    const shape = days < 7 ? { weekday: "long" } : { day: "numeric", month: "long" };
    const given = { time: this.time(at), day: new Intl.DateTimeFormat(this.language, shape).format(new Date(at)) };
    const when = this.say(days <= 0 ? "backToday" : days === 1 ? "backTomorrow" : "backOn", given);
    return this.say("backAt", { when });
  }

  size(bytes) {
    const [unit, value] =
      bytes >= 1e6 ? ["megabyte", bytes / 1e6] : bytes >= 1e3 ? ["kilobyte", bytes / 1e3] : ["byte", bytes];
    const shape = { style: "unit", unit, maximumFractionDigits: value < 10 ? 1 : 0 };
    return new Intl.NumberFormat(this.language, shape).format(value);
  }
}

function base(language) {
  return language.split("-")[0].toLowerCase();
}

function daysAgo(at) {
  const midnight = (given) => new Date(given).setHours(0, 0, 0, 0);
  return Math.round((midnight(new Date()) - midnight(at)) / DAY);
}

function valid(language) {
  try {
    return Boolean(language) && Intl.getCanonicalLocales(language).length === 1;
  } catch {
    return false;
  }
}
