The job queue is drained: nothing is sent until it is open again.

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

> queue drained
  plan   web: in the end Ready: The machine runs as declared.

> set vm web powerState=Stopped
  plan   web: submit a job: stop instance cyclades-web; its guest has 120 s to shut down, then it is stopped by force, since spec.powerState is Stopped, and Running is what was brought about last
  plan   web: in the end Ready: The machine is stopped as declared.

> until backend ganeti-1 reason=QueueDrained
  says   web: Ready=False BackendNotReady: GanetiBackend ganeti-1 is not ready: The job queue is drained: nothing is submitted until an administrator opens it with gnt-cluster queue undrain.
  says   ganeti-1: Ready=False QueueDrained: The job queue is drained: nothing is submitted until an administrator opens it with gnt-cluster queue undrain.
  event  web: Warning BackendNotReady: GanetiBackend ganeti-1 is not ready: The job queue is drained: nothing is submitted until an administrator opens it with gnt-cluster queue undrain.
  event  ganeti-1: Warning QueueDrained: The job queue is drained: nothing is submitted until an administrator opens it with gnt-cluster queue undrain.

> queue open
  plan   web: stays at BackendNotReady: GanetiBackend ganeti-1 is not ready: The job queue is drained: nothing is submitted until an administrator opens it with gnt-cluster queue undrain.

> until vm web Ready powerState=Stopped
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   stop: job INSTANCE_SHUTDOWN(cyclades-web)
  event  web: Normal Stopping: Job 4 on ganeti-1 is to shut down instance cyclades-web.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  ended  job INSTANCE_SHUTDOWN(cyclades-web): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  event  web: Normal Stopped: The machine is stopped as declared.
