The script of the new image fails, and the next rebuild works; who asks while one is under way waits for its end.

> apply vm web flavorRef.name=disk
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

> ganeti fails INSTANCE_REINSTALL once
  plan   web: in the end Ready: The machine runs as declared.

> set vm web imageRef.name=other action={"id":"first","type":"Rebuild"}
  plan   web: write Taken into status.lastAction, since an action is done at most once, whatever happens in between
  plan   web: submit a job: set-os instance cyclades-web for image other: its guest goes on, since spec.action first asks for it
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.action asks for a rebuild, and the disk of a running guest is left alone
  plan   web: submit a job: reinstall instance cyclades-web with image other: what is on its system disk is lost, since spec.action first asks for it
  plan   web: write Done into status.lastAction, since its job has ended
  plan   web: submit a job: start instance cyclades-web, since spec.powerState is Running, and it is Stopped
  plan   web: in the end Ready: The machine runs as declared.

> until vm web lastAction.id=first
  says   web: Ready=False Rebuilding: Image other is to be installed.
  says   web: InSync=False RebuildPending
  says   web: action first: Taken
  step   set-os: job INSTANCE_SET_PARAMS(cyclades-web)
  event  web: Normal Rebuilding: Job 3 on ganeti-1 is to prepare another installation of instance cyclades-web.

> set vm web action={"id":"second","type":"Rebuild"}
  plan   web: write Taken into status.lastAction, since an action is done at most once, whatever happens in between
  plan   web: submit a job: set-os instance cyclades-web for image other: its guest goes on, since spec.action second asks for it
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.action asks for a rebuild, and the disk of a running guest is left alone
  plan   web: submit a job: reinstall instance cyclades-web with image other: what is on its system disk is lost, since spec.action second asks for it
  plan   web: write Done into status.lastAction, since its job has ended
  plan   web: submit a job: start instance cyclades-web, since spec.powerState is Running, and it is Stopped
  plan   web: in the end Ready: The machine runs as declared.

> until vm web lastAction.id=second
  ended  job INSTANCE_SET_PARAMS(cyclades-web): success
  says   web: Ready=False RebuildPending: Image other takes effect at a rebuild, noop is installed: set spec.action {id, type: Rebuild}; it erases the system disk.
  says   web: action first: Declined
  says   web: Ready=False Rebuilding: Image other is to be installed.
  says   web: action second: Taken
  event  web: Normal RebuildPending: Image other takes effect at a rebuild, noop is installed: set spec.action {id, type: Rebuild}; it erases the system disk.
  event  web: Warning ActionDeclined: Action first was not done: it was taken back before anything was erased.
  step   set-os: job INSTANCE_SET_PARAMS(cyclades-web)
  event  web: Normal Rebuilding: Job 4 on ganeti-1 is to prepare another installation of instance cyclades-web.

> wait 120s
  ended  job INSTANCE_SET_PARAMS(cyclades-web): success
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 5 on ganeti-1 is to shut down instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  other  job INSTANCE_SHUTDOWN(cyclades-web), INSTANCE_REINSTALL(cyclades-web)
  event  web: Normal Rebuilding: Job 6 on ganeti-1 is to erase the system disk of, and install the image on, instance cyclades-web.
  says   web: Ready=False Rebuilding: The instance is being installed anew (job 6).
  says   web: powerState Stopped
  ended  job INSTANCE_SHUTDOWN(cyclades-web), INSTANCE_REINSTALL(cyclades-web): error
  says   web: Ready=False RebuildFailed: The last rebuild failed, and what is on the system disk is neither the old nor the new; status.lastAction says why. Give spec.action another id, and another image if need be; or set powerState to Stopped and then to Running to start the machine as it is.
  says   web: InSync=True InSync
  says   web: action second: Failed
  event  web: Warning RebuildFailed: The last rebuild failed, and what is on the system disk is neither the old nor the new; status.lastAction says why. Give spec.action another id, and another image if need be; or set powerState to Stopped and then to Running to start the machine as it is.
  event  web: Warning ActionFailed: Action second failed and is not repeated: Ganeti failed at installing the image: Could not add os for instance: OS create script failed (exited with exit code 1) (OpExecError)

> ganeti works
  plan   web: stays at RebuildFailed: The last rebuild failed, and what is on the system disk is neither the old nor the new; status.lastAction says why. Give spec.action another id, and another image if need be; or set powerState to Stopped and then to Running to start the machine as it is.

> set vm web action={"id":"third","type":"Rebuild"}
  plan   web: write Taken into status.lastAction, since an action is done at most once, whatever happens in between
  plan   web: submit a job: set-os instance cyclades-web for image other: its guest goes on, since spec.action third asks for it
  plan   web: submit a job: reinstall instance cyclades-web with image other: what is on its system disk is lost, since spec.action third asks for it
  plan   web: write Done into status.lastAction, since its job has ended
  plan   web: submit a job: start instance cyclades-web, since spec.powerState is Running, and it is Stopped
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready lastAction.id=third powerState=Running
  says   web: Ready=False Rebuilding: Image other is to be installed.
  says   web: action third: Taken
  step   set-os: job INSTANCE_SET_PARAMS(cyclades-web)
  event  web: Normal Rebuilding: Job 7 on ganeti-1 is to prepare another installation of instance cyclades-web.
  ended  job INSTANCE_SET_PARAMS(cyclades-web): success
  other  job INSTANCE_SHUTDOWN(cyclades-web), INSTANCE_REINSTALL(cyclades-web)
  event  web: Normal Rebuilding: Job 8 on ganeti-1 is to erase the system disk of, and install the image on, instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web), INSTANCE_REINSTALL(cyclades-web): success
  says   web: Ready=False Rebuilding: The instance is being installed anew (job 8).
  says   web: Ready=False Rebuilding: The rebuild is over; the machine is made to be as powerState says.
  says   web: action third: Done
  event  web: Normal Rebuilt: Action third is done: image other is installed.
  step   start: job INSTANCE_STARTUP(cyclades-web)
  event  web: Normal Starting: Job 9 on ganeti-1 is to start instance cyclades-web.
  ended  job INSTANCE_STARTUP(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
