An instance that nobody declared is taken over while its guest runs, and then stopped by its owner.

> ganeti adds old.example.com memory=128

> apply vm web backendName=ganeti-1 adopt=old.example.com

> until vm web Ready powerState=Running
  step   web: place on ganeti-1
  says   ganeti-1: Ready=False Synchronising: The inventory is being read.
  event  ganeti-1: Normal Synchronising: The inventory is being read.
  says   ganeti-1: Ready=True Ready: The cluster answers and its machines are managed.
  step   adopt: job TAGS_SET
  event  web: Normal Adopting: Job 2 on ganeti-1 is to put our tags on instance old.example.com.
  event  ganeti-1: Normal Ready: The cluster answers and its machines are managed.
  ended  job TAGS_SET: success
  says   web: Ready=True Ready: The machine runs as declared.
  says   web: Placed=True BackendChosen
  says   web: InSync=True InSync
  says   web: powerState Running
  event  web: Normal Running: The machine runs as declared.

> set vm web powerState=Stopped

> until vm web Ready powerState=Stopped
  step   stop: job INSTANCE_SHUTDOWN(old.example.com)
  event  web: Normal Stopping: Job 3 on ganeti-1 is to shut down instance old.example.com.
  ended  job INSTANCE_SHUTDOWN(old.example.com): success
  says   web: Ready=True Ready: The machine is stopped as declared.
  says   web: powerState Stopped
  event  web: Normal Stopped: The machine is stopped as declared.
