{{- define "cyclades.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{- define "cyclades.fullname" -}}
{{- $name := include "cyclades.name" . }}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}

{{- define "cyclades.selectorLabels" -}}
app.kubernetes.io/name: {{ include "cyclades.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "cyclades.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "cyclades.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: cyclades
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "cyclades.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "cyclades.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- required "set serviceAccount.name: with serviceAccount.create false the operator needs the name of an existing ServiceAccount" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "cyclades.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{/* The end of a policy's message: who lacks the verb, and the command that grants it. */}}
{{- define "cyclades.grant" -}}
+ ' on virtualmachines.cyclades.io, which ' + request.userInfo.username
+ ' does not have in namespace ' + request.namespace + '; an administrator may run: kubectl -n ' + request.namespace
+ ' create rolebinding {{ . }} --clusterrole=cyclades-{{ . }}'
+ (request.userInfo.username.startsWith('system:serviceaccount:')
    ? ' --serviceaccount=' + request.userInfo.username.replace('system:serviceaccount:', '')
    : ' --user=' + request.userInfo.username)
{{- end }}
