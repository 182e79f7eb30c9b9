"""The SQL of the durable queue, for the tables in `file.py`."""

from .file import COLUMNS

ADD = """INSERT INTO tasks (task_id, key, kind, arguments, priority, queued_at, due)
    VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"""
WAITING = "SELECT tasks FROM counts WHERE status = 'queued'"
FIND_KNOWN = f"SELECT {COLUMNS} FROM tasks WHERE key = ? OR task_id = ?"
CLAIM = f"""UPDATE tasks
    SET status = 'running', owner = ?, attempts = attempts + 1, started_at = ?
    WHERE number IN (SELECT number FROM tasks WHERE status = 'queued' AND due <= ?
                     ORDER BY priority DESC, number LIMIT ?) RETURNING {COLUMNS}"""
OURS = "WHERE number = ? AND attempts = ? AND owner = ? AND status = 'running'"
REPORT = f"UPDATE tasks SET progress = ?, ran_in = ? {OURS}"
RETRY = f"UPDATE tasks SET status = 'queued', owner = NULL, due = ? {OURS} AND NOT cancel_asked"
REPEAT = f"""UPDATE tasks SET status = 'queued', owner = NULL, due = ?, arguments = ?, attempts = 0
    {OURS} AND NOT cancel_asked"""
IS_FAILED = "SELECT 1 FROM tasks WHERE task_id = ? AND status = 'failed'"
PUT_BACK = f"""UPDATE tasks SET status = 'queued', due = ?, attempts = 0, progress = 0,
    error = NULL, ran_in = NULL, finished_at = NULL, cancel_asked = 0
    WHERE task_id = ? AND status = 'failed' RETURNING {COLUMNS}"""
END = f"""UPDATE tasks SET status = ?1, progress = ?, result = ?, error = ?, finished_at = ?,
    arguments = iif(?1 = 'failed', arguments, '{{}}'), owner = NULL {OURS}"""
MOVE = f"UPDATE tasks SET owner = ? {OURS}"
UNDO_ATTEMPT = "UPDATE tasks SET attempts = attempts - 1 WHERE status = 'running' AND owner = ?"
CANCEL = f"""UPDATE tasks
    SET status = 'cancelled', finished_at = ?, arguments = '{{}}', owner = NULL
    WHERE task_id = ? AND owner IS ? AND finished_at IS NULL RETURNING {COLUMNS}"""
ASK_TO_CANCEL = "UPDATE tasks SET cancel_asked = 1 WHERE task_id = ? AND status = 'running'"
HELD = "SELECT number FROM tasks WHERE status = 'running' AND owner = ?"
ASKED = "SELECT task_id FROM tasks WHERE status = 'running' AND owner = ? AND cancel_asked"
ABANDONED = "status = 'running' AND owner NOT IN (SELECT owner FROM owners WHERE lease_until > ?)"
TAKE_OVER = f"""UPDATE tasks SET owner = NULL,
    status = CASE WHEN cancel_asked THEN 'cancelled' WHEN attempts >= ?1 THEN 'failed'
                  ELSE 'queued' END,
    error = CASE WHEN attempts >= ?1 AND NOT cancel_asked
                 THEN 'the app died while it ran this job, ' || attempts || ' times' END,
    finished_at = CASE WHEN attempts >= ?1 OR cancel_asked THEN ? END
    WHERE {ABANDONED} RETURNING {COLUMNS}"""
PURGE = """DELETE FROM tasks WHERE number IN
    (SELECT number FROM tasks WHERE finished_at < ? LIMIT 500) RETURNING status"""
NEWS = f"""SELECT EXISTS (SELECT 1 FROM tasks WHERE {ABANDONED})
    OR EXISTS ({ASKED}) OR EXISTS (SELECT 1 FROM tasks WHERE finished_at < ?)
    OR ? AND EXISTS (SELECT 1 FROM tasks WHERE status = 'queued' AND due <= ?)"""
FIND = f"SELECT {COLUMNS} FROM tasks WHERE task_id = ?"
METRICS = """SELECT status, tasks FROM counts
    UNION ALL SELECT 'workers', total(workers) FROM owners WHERE lease_until > ?
    UNION ALL SELECT 'oldest', queued_at FROM tasks WHERE number =
    (SELECT min(number) FROM tasks INDEXED BY waiting WHERE status = 'queued' AND due = 0)
    UNION ALL SELECT 'oldest due', min(due) FROM tasks INDEXED BY waiting
    WHERE status = 'queued' AND due > 0"""
# The number of failures bounds the search: an index for it would cost each job that ends.
FIND_FAILED = f"""SELECT {COLUMNS} FROM tasks INDEXED BY ended
    WHERE status = 'failed' AND finished_at IS NOT NULL ORDER BY finished_at DESC
    LIMIT min(?, (SELECT tasks FROM counts WHERE status = 'failed'))"""
FIND_UNFINISHED = f"""SELECT {COLUMNS} FROM tasks WHERE status = 'queued' AND kind = ?1
    UNION ALL SELECT {COLUMNS} FROM tasks WHERE status = 'running' AND kind = ?1"""
