#include "controller/base/digest.hpp"
#include "controller/http/file_name.hpp"
#include "tests/rest/server_fixture.hpp"

#include <filesystem>

using namespace sweepd::test;

namespace {

sent binary() {
  sent how;
  how.content_type = "application/octet-stream";
  return how;
}

}  // namespace

TEST_CASE("rest: a file comes back as it went in, whole, whatever its size") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto run = "/api/v1/runs/" + server.start_run(sweep, server.join(sweep));
  std::string big((2u << 20) + 12'345, '\0');
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>((i * 2'654'435'761u) >> 13);
  const std::vector<std::pair<std::string, std::string>> files{
      {"model/best.bin", big}, {"empty.txt", ""}, {"one-piece.bin", big.substr(0, 1u << 20)}};
  for (const auto& [name, bytes] : files) {
    const auto put = server.send("PUT", run + "/file?name=" + name + "&epoch=1", bytes, binary());
    REQUIRE_MESSAGE(put.status == 201, put.text);
    CHECK(put.num("size") == static_cast<std::int64_t>(bytes.size()));
    CHECK(put.str("sha256") == sweepd::sha256_hex(bytes));
    const auto got = server.get(run + "/file?name=" + name);
    CHECK(got.status == 200);
    CHECK(got.text == bytes);
    CHECK(got.headers.at("content-disposition").starts_with("attachment; "));
    CHECK(got.headers.at("content-security-policy") == "sandbox");
    CHECK(got.headers.at("x-file-sha256") == sweepd::sha256_hex(bytes));
  }
  const auto list = server.get(run + "/files");
  CHECK(list.at("items").get_array().size() == 3);
  server.send("PUT", run + "/file?name=empty.txt&epoch=1", "now full", binary());
  CHECK(server.get(run + "/file?name=empty.txt").text == "now full");
  CHECK(server.get(run + "/files").at("items").get_array().size() == 3);
}

TEST_CASE("rest: a file needs the run's epoch, a good name and the right type") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto run = "/api/v1/runs/" + server.start_run(sweep, server.join(sweep));
  CHECK(server.send("PUT", run + "/file?name=a&epoch=2", "x", binary()).status == 409);
  CHECK(server.send("PUT", run + "/file?name=a", "x", binary()).str("where") == "?epoch");
  CHECK(server.send("PUT", run + "/file?epoch=1", "x", binary()).str("where") == "?name");
  CHECK(server.send("PUT", run + "/file?name=a&epoch=1", "{}").status == 415);
  for (const char* name : {"..", "a/../b", "/etc/passwd", "a//b", "a%5Cb", "a%00b", "a%0Ab", "%E2%80%AEgpj.exe",
                           "%FF", "./a", "a/"})
    CHECK(server.send("PUT", run + "/file?name=" + std::string(name) + "&epoch=1", "x", binary()).status == 400);
  CHECK(server.get(run + "/file?name=a").status == 404);
  CHECK(server.get(run + "/files").at("items").get_array().empty());
}

TEST_CASE("file_name: names are data of a bounded size and depth") {
  using sweepd::http::check_file_name;
  CHECK(check_file_name("output.log", "?name"));
  CHECK(check_file_name("média/épreuve №1.png", "?name"));
  CHECK(check_file_name(std::string(255, 'a'), "?name"));
  CHECK(!check_file_name(std::string(256, 'a'), "?name"));
  std::string deep = "a";
  for (int i = 1; i < 16; ++i) deep += "/a";
  CHECK(check_file_name(deep, "?name"));
  CHECK(!check_file_name(deep + "/a", "?name"));
  CHECK(!check_file_name("", "?name"));
  CHECK(!check_file_name("\xC0\xAF", "?name"));  // an overlong '/'
}

TEST_CASE("file_name: the suggested name of a download cannot break out of its header") {
  using sweepd::http::attachment;
  CHECK(attachment("dir/a.txt") == "attachment; filename=\"a.txt\"; filename*=UTF-8''a.txt");
  CHECK(attachment("a\"; x=\"b") == "attachment; filename=\"a___x__b\"; filename*=UTF-8''a%22%3B%20x%3D%22b");
  CHECK(attachment("é").find("%C3%A9") != std::string::npos);
}

TEST_CASE("rest: a backup is a database of its own, and nothing of it stays behind") {
  rest_server server;
  const auto sweep = server.create_sweep(grid_yaml);
  const auto r = server.get("/api/v1/backup");
  CHECK(r.status == 200);
  CHECK(r.text.starts_with("SQLite format 3"));
  CHECK(r.text.find(sweep) != std::string::npos);
  CHECK(std::filesystem::is_empty(std::filesystem::path(server.data()) / "tmp"));
}
