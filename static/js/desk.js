// The desk: its parts, each in a module of its own.
import { watchClocks } from "./desk_clocks.js";
import { watchPanes } from "./desk_panes.js";
import { watchList } from "./desk_list.js";
import { watchThread } from "./desk_thread.js";
import { watchComposer } from "./desk_composer.js";
import { watchAround } from "./desk_around.js";
import { watchDeskKeys } from "./desk_keys.js";
import { watchPhone } from "./desk_phone.js";
import { watchViewers } from "./desk_viewers.js";
import { watchAnswers } from "./desk_server.js";

watchAnswers();
watchPhone();
watchClocks();
watchPanes();
watchList();
watchThread();
watchAround();
watchComposer();
watchDeskKeys();
watchViewers();
