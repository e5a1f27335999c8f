A machine is rebooted, at most once for each request.

> apply vm web
  plan   web: stays at NoBackendFits: No backend fits: ganeti-1: is not ready (Synchronising).

> until vm web Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> set vm web action={"id":"first","type":"RebootHard"}
  plan   web: write Taken into status.lastAction, since an action is done at most once, whatever happens in between
  plan   web: submit a job: reboot-hard instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.action first asks for it
  plan   web: write Done into status.lastAction, since its job has ended
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready lastAction.id=first
  says   web: Ready=False Rebooting: The instance is to be rebooted.
  says   web: action first: Taken
  step   reboot-hard: job INSTANCE_REBOOT(cyclades-web)
  event  web: Normal Rebooting: Job 3 on ganeti-1 is to reboot instance cyclades-web.
  ended  job INSTANCE_REBOOT(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: action first: Done
  event  web: Normal Running: The machine runs as declared.
  event  web: Normal Rebooted: Action first is done.

> set vm web action={"id":"second","type":"RebootSoft"}
  plan   web: write Taken into status.lastAction, since an action is done at most once, whatever happens in between
  plan   web: submit a job: reboot-soft instance cyclades-web, since spec.action second asks for it
  plan   web: write Done into status.lastAction, since its job has ended
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready lastAction.id=second
  says   web: Ready=False Rebooting: The instance is to be rebooted.
  says   web: action second: Taken
  step   reboot-soft: job INSTANCE_REBOOT(cyclades-web)
  event  web: Normal Rebooting: Job 4 on ganeti-1 is to reboot instance cyclades-web.
  ended  job INSTANCE_REBOOT(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: action second: Done
  event  web: Normal Running: The machine runs as declared.
  event  web: Normal Rebooted: Action second is done.
