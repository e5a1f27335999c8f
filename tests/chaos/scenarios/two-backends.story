Of two clusters one takes connections and answers nothing: machines of the other go on.

> apply vm web backendName=ganeti-1
  plan   web: stays at Synchronising: GanetiBackend ganeti-1 is not ready: The operator has said nothing of the backend yet: does it run?

> apply vm db backendName=ganeti-2
  plan   db: stays at Synchronising: GanetiBackend ganeti-2 is not ready: The operator has said nothing of the backend yet: does it run?

> until vm web Ready
  step   db: place on ganeti-2
  step   web: place on ganeti-1
  says   ganeti-2: Ready=False Synchronising: The inventory is being read.
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-2: Normal Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  says   ganeti-2: Ready=True Ready: The cluster answers and its machines are managed.
  step   create: job INSTANCE_CREATE(cyclades-db)
  event  ganeti-2: Normal Ready: The cluster answers and its machines are managed.
  event  db: Normal Creating: Job 2 on ganeti-2 is to create instance cyclades-db.
  ended  job INSTANCE_CREATE(cyclades-web): success
  ended  job INSTANCE_CREATE(cyclades-db): success
  says   db: Ready=False Creating: The instance is being created (job 2).
  says   db: Placed=True BackendChosen
  says   db: InSync=Unknown Creating
  says   db: powerState Pending
  says   web: Ready=False Creating: The instance is being created (job 2).
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> until vm db Ready
  says   db: Ready=True Ready: The machine runs as declared.
  says   db: InSync=True InSync
  says   db: powerState Running
  event  db: Normal Running: The machine runs as declared.

> backend hangs ganeti-1
  plan   db: in the end Ready: The machine runs as declared.
  plan   web: in the end Ready: The machine runs as declared.

> set vm web powerState=Stopped
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.powerState is Stopped, and Running is what was brought about last
  plan   web: in the end Ready: The machine is stopped as declared.

> set vm db powerState=Stopped
  plan   db: submit a job: stop instance cyclades-db; its guest has 120 s to shut down, then it is stopped by force, since spec.powerState is Stopped, and Running is what was brought about last
  plan   db: in the end Ready: The machine is stopped as declared.

> until vm db Ready powerState=Stopped
  step   stop: job INSTANCE_SHUTDOWN(cyclades-db)
  event  db: Normal Stopping: Job 3 on ganeti-2 is to shut down instance cyclades-db.
  ended  job INSTANCE_SHUTDOWN(cyclades-db): success
  says   db: Ready=True Ready: The machine is stopped as declared.
  says   db: powerState Stopped
  event  db: Normal Stopped: The machine is stopped as declared.

> backend up ganeti-1
  plan   db: in the end Ready: The machine is stopped as declared.

> until vm web Ready powerState=Stopped
  says   web: Ready=False JobFailed: The job for shutting the instance down was not accepted; it is tried again.
  event  web: Warning JobFailed: The job for shutting the instance down was not accepted; it is tried again.
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance cyclades-web.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  event  web: Normal Stopped: The machine is stopped as declared.
