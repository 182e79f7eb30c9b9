"""The SQL of the durable queue, for the tables in `file.py`.

`:now` is the time of day, `:clock` the time on the file's own clock, `:mono` the monotonic one.
"""

from .file import COLUMNS

ADD = """INSERT INTO tasks
    (task_id, key, fingerprint, kind, arguments, priority, queued_at, due, ready)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
WAITING = "SELECT tasks FROM counts WHERE status = 'queued'"
FIND_KNOWN = f"SELECT {COLUMNS} FROM tasks WHERE key = ? OR task_id = ?"
CAN_RUN = "status = 'queued' AND due <= :now AND ready <= :clock"
CLAIM = f"""UPDATE tasks SET status = 'running', owner = :owner, attempts = attempts + 1,
    started_at = max(:now, queued_at), error = NULL
    WHERE number IN (SELECT number FROM tasks WHERE {CAN_RUN}
                     ORDER BY priority DESC, number LIMIT :limit) RETURNING {COLUMNS}"""
# By id, too: the file may have been replaced, and numbers begin anew in another one.
OURS = "WHERE number = ? AND task_id = ? AND attempts = ? AND owner = ? AND status = 'running'"
REPORT = f"UPDATE tasks SET progress = ?, ran_in = ? {OURS}"
RETRY = f"""UPDATE tasks SET status = 'queued', owner = NULL, ready = ?, attempts = attempts - ?,
    error = ? {OURS} AND NOT cancel_asked"""
REPEAT = f"""UPDATE tasks SET status = 'queued', owner = NULL, ready = ?, arguments = ?,
    attempts = 0 {OURS} AND NOT cancel_asked"""
IS_FAILED = "SELECT 1 FROM tasks WHERE task_id = ? AND status = 'failed'"
PUT_BACK = f"""UPDATE tasks SET status = 'queued', ready = ?, attempts = 0, progress = 0,
    error = NULL, ran_in = NULL, finished_at = NULL, ended_at = NULL, cancel_asked = 0
    WHERE task_id = ? AND status = 'failed' RETURNING {COLUMNS}"""
END = f"""UPDATE tasks SET status = ?1, progress = ?, result = ?, error = ?,
    finished_at = max(?, started_at), ended_at = ?,
    arguments = iif(?1 = 'failed', arguments, '{{}}'), owner = NULL {OURS}"""
MOVE = f"UPDATE tasks SET owner = ? {OURS}"
UNDO_ATTEMPT = "UPDATE tasks SET attempts = attempts - 1 WHERE status = 'running' AND owner = ?"
CANCEL = f"""UPDATE tasks SET status = 'cancelled', owner = NULL, arguments = '{{}}', error = NULL,
    finished_at = max(?, queued_at, ifnull(started_at, 0)), ended_at = ?
    WHERE task_id = ? AND owner IS ? AND finished_at IS NULL RETURNING {COLUMNS}"""
ASK_TO_CANCEL = "UPDATE tasks SET cancel_asked = 1 WHERE task_id = ? AND status = 'running'"
HELD = "SELECT task_id FROM tasks WHERE status = 'running' AND owner = ?"
ASKED = "SELECT task_id FROM tasks WHERE status = 'running' AND owner = ? AND cancel_asked"
ABANDONED = (
    "status = 'running' AND owner NOT IN (SELECT owner FROM owners WHERE lease_until > :mono)"
)
ENDS_SO = "(cancel_asked OR attempts >= :max_attempts)"
TAKE_OVER = f"""UPDATE tasks SET owner = NULL, ready = :clock,
    status = CASE WHEN cancel_asked THEN 'cancelled' WHEN attempts >= :max_attempts THEN 'failed'
                  ELSE 'queued' END,
    error = CASE WHEN attempts >= :max_attempts AND NOT cancel_asked
                 THEN 'the app died while it ran this job, at attempt ' || attempts END,
    finished_at = CASE WHEN {ENDS_SO} THEN max(:now, started_at) END,
    ended_at = CASE WHEN {ENDS_SO} THEN :clock END
    WHERE {ABANDONED} RETURNING {COLUMNS}"""
PURGE = """DELETE FROM tasks WHERE number IN
    (SELECT number FROM tasks WHERE ended_at < ? ORDER BY ended_at LIMIT ?)
    RETURNING task_id, status"""
NEWS = f"""SELECT EXISTS (SELECT 1 FROM tasks WHERE {ABANDONED})
    OR EXISTS ({ASKED.replace("?", ":owner")})
    OR :forgets AND EXISTS (SELECT 1 FROM tasks WHERE ended_at < :expired)
    OR :limit AND EXISTS (SELECT 1 FROM tasks WHERE {CAN_RUN})"""
FIND = f"SELECT {COLUMNS} FROM tasks WHERE task_id = ?"
FIND_KEY = f"SELECT {COLUMNS} FROM tasks WHERE key = ?"
METRICS = """SELECT status, tasks FROM counts
    UNION ALL SELECT 'workers', total(workers) FROM owners
    WHERE lease_until > :mono AND owner <> :owner
    UNION ALL SELECT 'oldest', min(ready) FROM tasks INDEXED BY oldest
    WHERE status = 'queued' AND due = 0 AND ready <= :clock
    UNION ALL SELECT 'oldest dated', min(due) FROM tasks INDEXED BY dated
    WHERE status = 'queued' AND due > 0 AND due <= :now"""
# The number of failures bounds the search: an index for it would cost each job that ends.
FIND_FAILED = f"""SELECT {COLUMNS} FROM tasks INDEXED BY ended
    WHERE status = 'failed' AND ended_at IS NOT NULL ORDER BY ended_at DESC
    LIMIT min(?, (SELECT tasks FROM counts WHERE status = 'failed'))"""
FIND_UNFINISHED = f"""SELECT {COLUMNS} FROM tasks WHERE status = 'queued' AND kind = ?1
    UNION ALL SELECT {COLUMNS} FROM tasks WHERE status = 'running' AND kind = ?1"""
