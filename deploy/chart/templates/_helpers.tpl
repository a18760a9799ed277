{{- define "tangram.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tangram.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tangram.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tangram.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tangram.serviceAccount" -}}
{{- default (include "tangram.fullname" .) .Values.serviceAccount.name -}}
{{- end -}}

{{/* The Lease that says who leads. */}}
{{- define "tangram.lease" -}}
{{ include "tangram.fullname" . }}-controller
{{- end -}}

{{/* The Service in front of the webhook, and the configuration that names it. */}}
{{- define "tangram.webhook" -}}
{{ include "tangram.fullname" . }}-webhook
{{- end -}}

{{/* The Secret with the webhook's key and certificate. */}}
{{- define "tangram.certificate" -}}
{{ include "tangram.fullname" . }}-webhook-certificate
{{- end -}}

{{- define "tangram.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- define "tangram.selector" -}}
app.kubernetes.io/name: {{ include "tangram.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tangram.labels" -}}
{{ include "tangram.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The agent's pods are no replicas of the controller: another name keeps Services, budgets and
policies apart. */}}
{{- define "tangram.agentSelector" -}}
app.kubernetes.io/name: {{ include "tangram.name" . }}-agent
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tangram.agentLabels" -}}
{{ include "tangram.agentSelector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}
