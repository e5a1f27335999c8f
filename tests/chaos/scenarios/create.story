A machine is created and runs.

> until backend ganeti-1 Ready
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.

> apply vm web
  plan   web: choose GanetiBackend ganeti-1: write spec.backendName and the finalizer in one patch, since of the backends that fit it is the least loaded
  plan   web: submit a job: create the instance with 1 vcpus, 128 MiB of memory, 0 MiB of disk (diskless), since the machine has no instance yet
  plan   web: in the end Ready: The machine runs as declared.

> until vm web Ready
  step   web: place on ganeti-1
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Scheduled: Placed on ganeti-1.
  event  web: Normal Creating: Job 2 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: Placed=True BackendChosen
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
