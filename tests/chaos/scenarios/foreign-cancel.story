An administrator cancels the job that creates an instance: it is tried again later.

> ganeti cancels INSTANCE_CREATE once

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
  says   web: Ready=False JobCanceled: Somebody cancelled our job for creating the instance in Ganeti; it is tried again later.
  says   web: Placed=True BackendChosen
  says   web: InSync=Unknown Creating
  says   web: powerState Pending
  event  web: Warning JobCanceled: Somebody cancelled our job for creating the instance in Ganeti; it is tried again later.
  step   create: job INSTANCE_CREATE(cyclades-web)
  event  web: Normal Creating: Job 3 on ganeti-1 is to create instance cyclades-web.
  ended  job INSTANCE_CREATE(cyclades-web): success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.
