#include "agent/nvml_session.h"

#include <dlfcn.h>

namespace tangram::agent {
namespace {

using base::ErrorCode;
using base::Fail;
using nvml::Status;

std::string_view NameOf(Status status) {
  switch (status) {
    case Status::kSuccess:
      return "success";
    case Status::kUninitialized:
      return "not initialised";
    case Status::kInvalidArgument:
      return "invalid argument";
    case Status::kNotSupported:
      return "not supported";
    case Status::kNoPermission:
      return "no permission";
    case Status::kNotFound:
      return "not found";
    case Status::kInsufficientSize:
      return "insufficient size";
    case Status::kDriverNotLoaded:
      return "driver not loaded";
    case Status::kTimeout:
      return "time-out";
    case Status::kLibraryNotFound:
      return "library not found";
    case Status::kFunctionNotFound:
      return "function not found";
    case Status::kGpuIsLost:
      return "GPU is lost";
    case Status::kResetRequired:
      return "reset required";
    case Status::kOperatingSystem:
      return "operating system error";
    case Status::kLibraryMismatch:
      return "driver and library versions differ";
    case Status::kInUse:
      return "in use";
    case Status::kInsufficientResources:
      return "insufficient resources";
    case Status::kVersionMismatch:
      return "argument version mismatch";
    case Status::kNotReady:
      return "not ready";
    case Status::kUnknown:
      break;
  }
  return "unknown error";
}

// What a node's owner reads where NVML does not start.
std::string WhyNotStarted(const std::string& library, Status status) {
  const std::string what = fmt::format("{}: nvmlInit_v2 answered {}", library, Words(status));
  switch (status) {
    case Status::kDriverNotLoaded:
      return "the NVIDIA driver is not loaded on this node (" + what + "); load its kernel module";
    case Status::kLibraryMismatch:
      return "the library is of another driver than the kernel module that is loaded (" + what +
             "); reload the module, or reboot the node";
    case Status::kNoPermission:
      return "the NVIDIA driver does not let this process in (" + what +
             "); run it where /dev/nvidiactl is readable and writable";
    default:
      return what;
  }
}

}  // namespace

std::string Words(Status status) {
  return fmt::format("{} ({})", NameOf(status), static_cast<int>(status));
}

base::Result<std::unique_ptr<NvmlSession>> NvmlSession::Open(const std::string& library,
                                                             CallWatch& watch) {
  if (!watch.Begin("loading " + library)) return Fail(ErrorCode::kUnavailable, "given up");
  void* handle = dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  const char* why = handle == nullptr ? dlerror() : nullptr;
  watch.End();
  if (handle == nullptr) {
    return Fail(ErrorCode::kUnavailable,
                fmt::format("there is no NVIDIA library here ({}); on a node with GPUs, install "
                            "the driver or name its library with --nvml",
                            why != nullptr ? why : library));
  }
  std::unique_ptr<NvmlSession> session(new NvmlSession(handle, watch));
  const Status status = session->Call("the driver", nvml::kInit);
  if (status == Status::kFunctionNotFound) {
    return Fail(ErrorCode::kUnavailable,
                library + " is not NVIDIA's management library: it has no nvmlInit_v2");
  }
  if (status != Status::kSuccess) {
    return Fail(ErrorCode::kUnavailable, WhyNotStarted(library, status));
  }
  session->initialised_ = true;
  return session;
}

NvmlSession::~NvmlSession() {
  // Also where the driver is gone: the library counts how often it was initialised, and starts anew
  // only from zero. A thread that was given up may not call, and leaves the library loaded.
  if (initialised_ && Call("the driver", nvml::kShutdown) == Status::kTimeout) return;
  dlclose(handle_);
}

void* NvmlSession::Find(const char* name) const { return dlsym(handle_, name); }

void NvmlSession::Note(Status status) {
  if (status == Status::kUninitialized || status == Status::kDriverNotLoaded ||
      status == Status::kLibraryMismatch) {
    gone_ = true;
  }
}

}  // namespace tangram::agent
