// A headless Chromium that shows pages and tells what happens in them, by the Chrome DevTools Protocol over a pair of pipes
// (https://chromedevtools.github.io/devtools-protocol/): messages are JSON, each ended by a zero byte.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <nlohmann/json.hpp>

#include "tests/files.h"

namespace gradus::test {

class Browser {
 public:
  using Json = nlohmann::json;

  /// Whether there is one to start: Debian's package chromium.
  static bool found() { return std::system("command -v chromium >/dev/null 2>&1") == 0; }

  Browser() {
    int in[2], out[2];
    std::signal(SIGPIPE, SIG_IGN);  // a browser that ends is told of by what it does not answer
    REQUIRE(pipe(in) == 0);
    REQUIRE(pipe(out) == 0);
    const std::string home = folder_.path.string(), profile = "--user-data-dir=" + home + "/profile";
    child_ = fork();
    REQUIRE(child_ >= 0);
    if (child_ == 0) {
      setpgid(0, 0);  // so that its helpers can be ended with it
      setenv("HOME", home.c_str(), 1);
      const int reads = fcntl(in[0], F_DUPFD, 10), writes = fcntl(out[1], F_DUPFD, 10),
                nowhere = ::open("/dev/null", O_RDWR);
      dup2(reads, 3);
      dup2(writes, 4);
      dup2(nowhere, 1);
      dup2(nowhere, 2);
      execlp("chromium", "chromium", "--headless", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-extensions",
             "--no-first-run", "--force-color-profile=srgb", profile.c_str(), static_cast<char*>(nullptr));
      _exit(99);
    }
    close(in[0]);
    close(out[1]);
    to_ = in[1];
    from_ = out[0];
    const Json target = call("Target.createTarget", {{"url", "about:blank"}});
    session_ = call("Target.attachToTarget", {{"targetId", target["targetId"]}, {"flatten", true}})["sessionId"];
    for (const char* domain : {"Page.enable", "Runtime.enable", "Log.enable", "Network.enable"}) call(domain);
  }
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;
  ~Browser() {
    close(to_);
    close(from_);
    kill(-child_, SIGKILL);
    waitpid(child_, nullptr, 0);
  }

  /// Shows a file, and returns when it has been loaded and has drawn twice.
  void show(const std::filesystem::path& file) {
    loaded_ = false;
    said.clear();
    requests.clear();
    call("Page.navigate", {{"url", "file://" + file.string()}});
    while (!loaded_) receive();
    frames();
  }
  /// The value of an expression, or of the promise that it makes.
  Json operator()(const std::string& expression) {
    const Json result =
        call("Runtime.evaluate", {{"expression", expression}, {"returnByValue", true}, {"awaitPromise", true}});
    REQUIRE_MESSAGE(!result.contains("exceptionDetails"), result.dump());
    return result["result"].contains("value") ? result["result"]["value"] : Json();
  }
  /// Until what was changed is drawn.
  void frames() { (*this)("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(0))))"); }
  /// mousePressed, mouseMoved or mouseReleased, at a place in the window.
  void mouse(const char* type, double x, double y) {
    call("Input.dispatchMouseEvent",
         {{"type", type}, {"x", x}, {"y", y}, {"button", "left"}, {"buttons", 1}, {"clickCount", 1}});
  }
  void key(const char* name) {
    for (const char* type : {"rawKeyDown", "keyUp"}) call("Input.dispatchKeyEvent", {{"type", type}, {"key", name}});
  }
  Json call(const std::string& method, const Json& parameters = Json::object()) {
    Json message = {{"id", ++id_}, {"method", method}, {"params", parameters}};
    if (!session_.empty()) message["sessionId"] = session_;
    const std::string text = message.dump();
    for (std::size_t sent = 0; sent <= text.size();) {  // with its zero byte
      const ssize_t n = write(to_, text.c_str() + sent, text.size() + 1 - sent);
      REQUIRE(n > 0);
      sent += static_cast<std::size_t>(n);
    }
    for (;;) {
      const Json answer = receive();
      if (!answer.contains("id") || answer["id"] != id_) continue;
      REQUIRE_MESSAGE(!answer.contains("error"), answer.dump());
      return answer["result"];
    }
  }

  std::vector<std::string> said;      // console messages, errors, refusals
  std::vector<std::string> requests;  // addresses

 private:
  Json receive() {
    std::size_t end;
    while ((end = buffer_.find('\0')) == std::string::npos) {
      pollfd waits{from_, POLLIN, 0};
      REQUIRE_MESSAGE(poll(&waits, 1, 120'000) == 1, "the browser does not answer");
      char some[1 << 16];
      const ssize_t n = read(from_, some, sizeof some);
      REQUIRE_MESSAGE(n > 0, "the browser has ended");
      buffer_.append(some, static_cast<std::size_t>(n));
    }
    Json message = Json::parse(buffer_.substr(0, end));
    buffer_.erase(0, end + 1);
    const std::string method = message.value("method", "");
    if (method == "Page.loadEventFired") loaded_ = true;
    if (method == "Network.requestWillBeSent") requests.push_back(message["params"]["request"]["url"]);
    if (method == "Runtime.consoleAPICalled" || method == "Runtime.exceptionThrown" || method == "Log.entryAdded")
      said.push_back(message["params"].dump());
    return message;
  }

  Folder folder_;
  pid_t child_ = -1;
  int to_ = -1, from_ = -1, id_ = 0;
  bool loaded_ = false;
  std::string session_, buffer_;
};

}  // namespace gradus::test
