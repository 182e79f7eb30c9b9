const source = new EventSource(`/tasks/${taskId}/events`);
source.onmessage = (event) => {
  const task = JSON.parse(event.data);
  bar.value = task.progress;
  if (!["queued", "running"].includes(task.status)) source.close();
};
