// cmake/fetch.cmake against a server on this machine: files come whole and right or not at all.
#include <arpa/inet.h>
#include <doctest/doctest.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <thread>

#include "tests/files.h"

using namespace gradus;
using namespace gradus::test;
namespace fs = std::filesystem;

/// A server that knows /good/FILE, /wrong/FILE, /short/FILE and /stall/FILE, on a port of 127.0.0.1.
class Server {
 public:
  Server() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    REQUIRE(::bind(socket_, reinterpret_cast<sockaddr*>(&address), size) == 0);
    REQUIRE(::listen(socket_, 8) == 0);
    REQUIRE(::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Server() {
    ::shutdown(socket_, SHUT_RDWR);
    thread_.join();
    ::close(socket_);
  }
  std::string url(const std::string& path) const { return fmt::format("http://127.0.0.1:{}/{}", port_, path); }

  std::atomic<int> asked = 0;

 private:
  void serve() {
    for (;;) {
      const int client = ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      ++asked;
      char buffer[4096]{};
      const ssize_t got = ::recv(client, buffer, sizeof(buffer) - 1, 0);
      const std::string request(buffer, got > 0 ? static_cast<std::size_t>(got) : 0);
      const auto answer = [&](const char* status, const std::string& body, std::size_t length) {
        const std::string text =
            fmt::format("HTTP/1.1 {}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{}", status, length, body);
        (void)!::send(client, text.data(), text.size(), MSG_NOSIGNAL);
      };
      if (request.starts_with("GET /good/"))
        answer("200 OK", "hello", 5);
      else if (request.starts_with("GET /wrong/"))
        answer("200 OK", "jello", 5);
      else if (request.starts_with("GET /short/"))
        answer("200 OK", "hel", 5);
      else if (request.starts_with("GET /stall/")) {
        answer("200 OK", "he", 5);
        (void)!::recv(client, buffer, sizeof(buffer), 0);  // until the other side has had enough
      } else
        answer("404 Not Found", "<html>no</html>", 15);
      ::close(client);
    }
  }
  int socket_, port_ = 0;
  std::thread thread_;
};

/// What cmake prints, and its exit code.
static std::pair<int, std::string> fetch(const fs::path& to, const std::string& mirrors) {
  // MD5 of "hello", as RFC 1321's algorithm gives it and md5sum prints it.
  const std::string command = fmt::format(
      "'{}' -DTO='{}' '-DMIRRORS={}' -DFILES=a.gz:5d41402abc4b2a76b9719d911017c592 -DSECONDS=1 -P '{}' 2>&1",
      CMAKE_PROGRAM, to.string(), mirrors, GRADUS_SOURCE_DIR "/cmake/fetch.cmake");
  FILE* pipe = ::popen(command.c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string text;
  char buffer[1024];
  while (const std::size_t got = std::fread(buffer, 1, sizeof(buffer), pipe)) text.append(buffer, got);
  return {WEXITSTATUS(::pclose(pipe)), text};
}

TEST_CASE("fetch: a right file comes, and is not asked for again") {
  const Folder folder;
  Server server;
  const fs::path to = folder.path / "new" / "mnist";
  CHECK(fetch(to, server.url("good")).first == 0);
  CHECK(get(to / "a.gz") == "hello");
  CHECK(server.asked == 1);
  CHECK(fetch(to, server.url("good")).first == 0);
  CHECK(server.asked == 1);
  put(to / "a.gz", "damaged");
  CHECK(fetch(to, server.url("good")).first == 0);
  CHECK(get(to / "a.gz") == "hello");
}

TEST_CASE("fetch: a mirror that fails gives way to the next, and leaves nothing") {
  const Folder folder;
  Server server;
  const struct {
    const char *mirror, *says;
  } cases[] = {{"wrong", "what came is not that file: its MD5 is"},
               {"none", "a.gz: "},  // 404
               {"short", "a.gz: "},
               {"stall", "a.gz: "}};
  for (const auto& c : cases) {
    CAPTURE(c.mirror);
    const auto begin = std::chrono::steady_clock::now();
    const auto fetched = fetch(folder.path / c.mirror, server.url(c.mirror));
    const int code = fetched.first;
    const std::string& text = fetched.second;
    CAPTURE(text);
    CHECK(code != 0);
    CHECK(contains(text, "a.gz could not be downloaded"));
    CHECK(contains(text, c.says));
    CHECK(std::chrono::steady_clock::now() - begin < std::chrono::seconds(20));
    CHECK(fs::is_empty(folder.path / c.mirror));
    CHECK(fetch(folder.path / c.mirror, server.url(c.mirror) + ";" + server.url("good")).first == 0);
    CHECK(get(folder.path / c.mirror / "a.gz") == "hello");
  }
  const auto [code, text] = fetch(folder.path / "nobody", "http://127.0.0.1:1");
  CHECK(code != 0);
  CHECK(contains(text, "could not be downloaded"));
}
