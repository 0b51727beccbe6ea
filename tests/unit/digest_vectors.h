/* digest_vectors.h: answers published by RFC 2069, 2617, 7616 (with errata 4495 and 4897) and draft-smith-sipping-auth-examples-01, and
 * SIP ones of every algorithm and qop, computed with another program. ha1 is H(username:realm:password), also for -sess. */
#pragma once

#include "common/digest.h"

static const char sdp[] = "v=0\r\n"
                          "o=bob 2890844526 2890844526 IN IP4 media.biloxi.com\r\n"
                          "s=-\r\n"
                          "c=IN IP4 media.biloxi.com\r\n"
                          "t=0 0\r\n"
                          "m=audio 49170 RTP/AVP 0\r\n"
                          "a=rtpmap:0 PCMU/8000\r\n"
                          "m=video 51372 RTP/AVP 31\r\n"
                          "a=rtpmap:31 H261/90000\r\n"
                          "m=video 53000 RTP/AVP 32\r\n"
                          "a=rtpmap:32 MPV/90000\r\n";

static const struct digest_vector {
        const char *name;
        enum digest_algorithm algorithm;
        enum digest_qop qop;
        const char *username, *realm, *password, *nonce, *method, *uri, *nc, *cnonce, *body, *ha1, *response, *rspauth;
} digest_vectors[] = {
        {"RFC 2617 section 3.5", DIGEST_MD5, DIGEST_QOP_AUTH, "Mufasa", "testrealm@host.com", "Circle Of Life",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "GET", "/dir/index.html", "00000001", "0a4f113b", "", "939e7578ed9e3c518a452acee763bce9",
         "6629fae49393a05397450978507c4ef1", "376602cfd2f4e8e5e78b948a85263e85"},
        {"RFC 2069 section 2.4, corrected", DIGEST_MD5, DIGEST_QOP_NONE, "Mufasa", "testrealm@host.com", "CircleOfLife",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "GET", "/dir/index.html", NULL, NULL, "", "4945ecf42b1bb868634058a845bedde8",
         "1949323746fe6a43ef61f9606e7febea", "123cde1ca5cf91bf86e872d42002bea9"},
        {"RFC 7616 section 3.9.1, MD5", DIGEST_MD5, DIGEST_QOP_AUTH, "Mufasa", "http-auth@example.org", "Circle of Life",
         "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "GET", "/dir/index.html", "00000001",
         "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "", "3d78807defe7de2157e2b0b6573a855f", "8ca523f5e9506fed4657c9700eebdbec",
         "9b712497bc9f91499fbcca1dfc5f09a5"},
        {"RFC 7616 section 3.9.1, SHA-256, erratum 4495", DIGEST_SHA_256, DIGEST_QOP_AUTH, "Mufasa", "http-auth@example.org",
         "Circle of Life", "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", "GET", "/dir/index.html", "00000001",
         "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ", "", "7987c64c30e25f1b74be53f966b49b90f2808aa92faf9a00262392d7b4794232",
         "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
         "86d3b25618d41854ca5039a5d7e53ff6355d5134a9b1fb088a78ac3c462195a0"},
        {"RFC 7616 section 3.9.2, erratum 4897", DIGEST_SHA_512_256, DIGEST_QOP_AUTH, "J\303\244s\303\270n Doe", "api@example.org",
         "Secret, or not?", "5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK", "GET", "/doe.json", "00000001",
         "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v", "", "2d3d9f12c9f3d30011259dc5fecee005ae24de40e3e1f61806d03e65f1e6024f",
         "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5",
         "2a14c644cc564038709393846dc914772273b178abe03a2fb02c9684116bbc2d"},
        {"draft-smith section 3.1, no qop", DIGEST_MD5, DIGEST_QOP_NONE, "bob", "biloxi.com", "zanzibar",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "INVITE", "sip:bob@biloxi.com", NULL, NULL, "", "12af60467a33e8518da5c68bbff12b11",
         "bf57e4e0d0bffc0fbaedce64d59add5e", "748e424548c73d52e3bde6eef2d03c69"},
        {"draft-smith section 3.2/3.3, auth MD5", DIGEST_MD5, DIGEST_QOP_AUTH, "bob", "biloxi.com", "zanzibar",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "INVITE", "sip:bob@biloxi.com", "00000001", "0a4f113b", "",
         "12af60467a33e8518da5c68bbff12b11", "89eb0059246c02b2f6ee02c7961d5ea3", "9175a7857f138ef9768651f475f1d73a"},
        {"draft-smith section 3.4, auth MD5-sess", DIGEST_MD5_SESS, DIGEST_QOP_AUTH, "bob", "biloxi.com", "zanzibar",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "INVITE", "sip:bob@biloxi.com", "00000001", "0a4f113b", "",
         "12af60467a33e8518da5c68bbff12b11", "e4e4ea61d186d07a92c9e1f6919902e9", "0702355500027529b96f51fb4dd888e2"},
        {"draft-smith section 3.5, auth-int MD5", DIGEST_MD5, DIGEST_QOP_AUTH_INT, "bob", "biloxi.com", "zanzibar",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "INVITE", "sip:bob@biloxi.com", "00000001", "0a4f113b", sdp,
         "12af60467a33e8518da5c68bbff12b11", "bdbeebb2da6adb6bca02599c2239e192", "53d572fe26d891d5bd73172f451b906a"},
        {"draft-smith section 3.6, auth-int MD5-sess", DIGEST_MD5_SESS, DIGEST_QOP_AUTH_INT, "bob", "biloxi.com", "zanzibar",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "INVITE", "sip:bob@biloxi.com", "00000001", "0a4f113b", sdp,
         "12af60467a33e8518da5c68bbff12b11", "91984da2d8663716e91554859c22ca70", "d099e046d8fc35435c5c004249768d31"},
        {"REGISTER, MD5 without qop", DIGEST_MD5, DIGEST_QOP_NONE, "alice", "test.invalid", "secret", "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd",
         "REGISTER", "sip:test.invalid", NULL, NULL, "", "41a2f569d4f4283a802115c74c87f146", "1f140021821795624673a82891cb3d28",
         "72ac18fc044c07ea8f1105ee50daa7a0"},
        {"REGISTER, MD5 auth", DIGEST_MD5, DIGEST_QOP_AUTH, "alice", "test.invalid", "secret", "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd",
         "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "", "41a2f569d4f4283a802115c74c87f146", "7a4c6d3ac8b1ebc0da81b60b6ab8c0b9",
         "b19dda138771a809021e145fae39520b"},
        {"REGISTER, MD5 auth-int", DIGEST_MD5, DIGEST_QOP_AUTH_INT, "alice", "test.invalid", "secret", "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd",
         "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "", "41a2f569d4f4283a802115c74c87f146", "6040ad92fd6a1defb26343277d250ffc",
         "339725bc82fdd91f6fefba62a6e20ea0"},
        {"REGISTER, MD5-sess auth", DIGEST_MD5_SESS, DIGEST_QOP_AUTH, "alice", "test.invalid", "secret", "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd",
         "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "", "41a2f569d4f4283a802115c74c87f146", "700bcd45d80da193fefed7a0716e0f9e",
         "5496bd897c5beba5030a90a50f3e58ca"},
        {"REGISTER, MD5-sess auth-int", DIGEST_MD5_SESS, DIGEST_QOP_AUTH_INT, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "", "41a2f569d4f4283a802115c74c87f146",
         "93d84d8be2369315acbaa679012de5ea", "1a9cd2de7fef4e3a7b0040cff7078331"},
        {"REGISTER, SHA-256 without qop", DIGEST_SHA_256, DIGEST_QOP_NONE, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", NULL, NULL, "",
         "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd",
         "caa25f95b09e406b85ad469ffd5e416e9b25c36cee542840acc65c74e92d7928",
         "2867339bfabf056e661ccc4237ce7f94b285ddcb182c3c671f1ba47b71d8f30f"},
        {"REGISTER, SHA-256 auth", DIGEST_SHA_256, DIGEST_QOP_AUTH, "alice", "test.invalid", "secret", "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd",
         "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "", "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd",
         "8b002404a333f0a7b60fa0e993f093e46c5c022efd9ea343116a240fd3f920b8",
         "3583192909560f765ed167cf671e8a0fae7023f5e891b47a5a0b9577b78db5f1"},
        {"REGISTER, SHA-256 auth-int", DIGEST_SHA_256, DIGEST_QOP_AUTH_INT, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd",
         "c73dfcb410eece950c54e8bb9acee2ae34952a1af85c634e002f8c365606c126",
         "7c0b2002343728356d8c2d6ed2b9b0674a836c7c94fcb2eda3c7808beea1836d"},
        {"REGISTER, SHA-256-sess auth", DIGEST_SHA_256_SESS, DIGEST_QOP_AUTH, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd",
         "5d8a7867187ad3cd69c7e4784d02c75eb271fc44e95f5152f2081f9b1a2cbf06",
         "0185d5ae02aa7917cbc09992c0f1533b9ddd2109b73a47347f40bcc6411b619f"},
        {"REGISTER, SHA-256-sess auth-int", DIGEST_SHA_256_SESS, DIGEST_QOP_AUTH_INT, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "87853512e234e740a5a95fe0d9349f8591d42a617bdf733fb568fb7d235457cd",
         "96fbde7bae0f0c3c81803c6f838b87af62d0454d318420b40a29090341b4c8ce",
         "d6a8d13a40032658dfefc1b786fe91305fdee5040624e04d6680912ab52b8b1c"},
        {"REGISTER, SHA-512-256 without qop", DIGEST_SHA_512_256, DIGEST_QOP_NONE, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", NULL, NULL, "",
         "0a89e7d1f27dbb1f5867ddb83b053d577856b22e63de01ccae7706bb7979aa4c",
         "ff20c6c0ac862605e86f12f42771068de1d4b0ad9bbe5ad412d0661dc4ae7011",
         "fb687a60d1f9180d75e0463295250f78640c667b7f5d74269e407f58b2410f79"},
        {"REGISTER, SHA-512-256 auth", DIGEST_SHA_512_256, DIGEST_QOP_AUTH, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "0a89e7d1f27dbb1f5867ddb83b053d577856b22e63de01ccae7706bb7979aa4c",
         "0c9a7c4a3c351ecb321d7420e8083734eac67e94253d0474f2974104982c03d6",
         "60902ef53d7246aa9dbb63ac1d21a8b33dad477e584cc1960ccd257df6ea7cbf"},
        {"REGISTER, SHA-512-256 auth-int", DIGEST_SHA_512_256, DIGEST_QOP_AUTH_INT, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "0a89e7d1f27dbb1f5867ddb83b053d577856b22e63de01ccae7706bb7979aa4c",
         "fb054693f163ce9eeb3f9f7ff2bee48a339ebeff593b1c2fe55403d5e3fd489d",
         "dc1d8cbc9291ea6b22b2dd9217b820fb40882cb23679c180264295986675a39a"},
        {"REGISTER, SHA-512-256-sess auth", DIGEST_SHA_512_256_SESS, DIGEST_QOP_AUTH, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "0a89e7d1f27dbb1f5867ddb83b053d577856b22e63de01ccae7706bb7979aa4c",
         "0dd3cfb34c621192feda4e89c1b7aa7fac86403a3bd84128d28d073872f3288a",
         "d0299386be79d5ec39b99c58e474b16d22dfa404ec73b7d4ac6248ccfb9f5de5"},
        {"REGISTER, SHA-512-256-sess auth-int", DIGEST_SHA_512_256_SESS, DIGEST_QOP_AUTH_INT, "alice", "test.invalid", "secret",
         "awPDG2sDwe8n8V4aQ1h2Rkz0PHOIOakd", "REGISTER", "sip:test.invalid", "00000001", "0a4f113b", "",
         "0a89e7d1f27dbb1f5867ddb83b053d577856b22e63de01ccae7706bb7979aa4c",
         "34fff18f782676fa04af7be548dab5e5699636164a9c175526ba55398132850a",
         "d5ec9b4351976bc289b0e379aaf713e2b14476740068b8aeed671cbe9768321c"},
        {"RFC 2069 form, address as URI", DIGEST_MD5, DIGEST_QOP_NONE, "byoc_user", "genesys.cloud.com", "secret",
         "dcd98b7102dd2f0e8b11d0f600bfb0c093", "REGISTER", "sip:10.0.0.1:5060", NULL, NULL, "", "6b6dad914fd1bd3f44740fd30ab9e001",
         "0d98ac3ca0a3fb518fa78498171b52bc", "18e6065907314e891114700622ba55a9"},
};
